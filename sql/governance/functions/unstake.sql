create or replace function governance.unstake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.staked_balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance + p_amount,
      staked_balance = changed.staked_balance - p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.unstake(uuid, numeric) is
  E'@name unstake_tokens\n@argument amount How much, in whole tokens.\nMoves an amount from the caller''s staked balance back to the free one. Votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.unstake(uuid, numeric) from public;
grant execute on function governance.unstake(uuid, numeric) to stoa_member;
