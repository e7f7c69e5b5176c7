create or replace function governance.check_token(p_token governance.tokens)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if num_nulls(
      p_token.decimals, p_token.display_scale, p_token.balance_weight, p_token.stake_weight, p_token.total_supply,
      p_token.circulating_supply
    ) > 0
    or p_token.decimals not between 0 and 18
    or p_token.display_scale not between 0 and 18
    or p_token.balance_weight not between 0 and 99999.9999
    or p_token.stake_weight not between 0 and 99999.9999
    or p_token.total_supply not between 0 and 1e60 - 1e-18
    or p_token.circulating_supply not between 0 and p_token.total_supply
  then
    perform core.fail('token.figures_invalid');
  end if;
  if exists (
    select
    from governance.tokens as other
    where other.network = p_token.network
      and upper(other.symbol) = upper(p_token.symbol)
      and other.id <> p_token.id
  ) then
    perform core.fail('token.symbol_taken');
  end if;
  if exists (
    select
    from governance.tokens as other
    where other.network = p_token.network
      and other.contract_address_key = lower(p_token.contract_address)
      and other.id <> p_token.id
  ) then
    perform core.fail('token.contract_taken');
  end if;
end
$$;

comment on function governance.check_token(governance.tokens) is
  'Internal. Lets a token pass as it is to be written. Refuses token.figures_invalid, token.symbol_taken and token.contract_taken; of two administrators at the same moment, the unique indexes stop the second.';

revoke all on function governance.check_token(governance.tokens) from public;
