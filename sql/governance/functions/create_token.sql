create or replace function governance.create_token(
  p_symbol text,
  p_name text,
  p_network text default 'internal',
  p_contract_address text default null,
  p_decimals integer default 18,
  p_display_scale integer default 6,
  p_total_supply numeric default 0,
  p_circulating_supply numeric default 0,
  p_balance_weight numeric default 1,
  p_stake_weight numeric default 1,
  p_description text default null,
  p_image_url text default null
)
returns governance.tokens
language plpgsql
volatile
-- Administrators have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  token governance.tokens;
begin
  token.id := core.uuidv7();
  token.symbol := core.clean_text(p_symbol, 16);
  token.name := core.clean_text(p_name, 100);
  token.network := lower(core.clean_text(p_network, 32));
  token.contract_address := core.clean_text(p_contract_address, 128, false);
  token.description := core.clean_text(p_description, 10000, false);
  token.image_url := core.clean_text(p_image_url, 2000, false);
  if token.image_url !~ '^https?://' then
    perform core.fail('input.malformed');
  end if;
  begin
    token.decimals := p_decimals;
    token.display_scale := p_display_scale;
    token.balance_weight := p_balance_weight;
    token.stake_weight := p_stake_weight;
    token.total_supply := p_total_supply;
    token.circulating_supply := p_circulating_supply;
  exception
    when numeric_value_out_of_range then
      perform core.fail('token.figures_invalid');
  end;
  perform governance.check_token(token);

  insert into governance.tokens (
    id, symbol, name, network, contract_address, decimals, display_scale, total_supply, circulating_supply,
    balance_weight, stake_weight, description, image_url
  )
  values (
    token.id, token.symbol, token.name, token.network, token.contract_address, token.decimals, token.display_scale,
    token.total_supply, token.circulating_supply, token.balance_weight, token.stake_weight, token.description,
    token.image_url
  )
  returning * into token;
  perform audit.record('token.create', 'governance.tokens', token.id, null, to_jsonb(token));
  return token;
end
$$;

comment on function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text) is
  'Administrators only: registers a token. network is a chain, or internal. A unit of free balance gives balance_weight votes, a staked one stake_weight. Refuses token.figures_invalid, token.symbol_taken and token.contract_taken. Limits: symbol 16, name 100, network 32, contract_address 128, description 10,000 characters; image_url is a web address. Audited.';

revoke all on function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text) from public;
grant execute on function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text) to stoa_admin;
