create or replace function ledger.request_withdrawal(
  p_token_id uuid,
  p_amount numeric,
  p_address text,
  p_key text default null
)
returns ledger.transactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_token_id, p_amount, p_address);
  earlier jsonb;
  token governance.tokens;
  movement ledger.transactions;
begin
  earlier := core.recall('ledger.request_withdrawal', p_key, arguments);
  if earlier is not null then
    select * into movement from ledger.transactions as made where made.user_id = me and made.id = (earlier ->> 'id')::uuid;
    return movement;
  end if;

  token := governance.known_token(p_token_id);
  perform governance.check_amount(token, p_amount);
  if p_address is null or p_address !~ '^[A-Za-z0-9._:-]{1,128}$' then
    perform core.fail('withdrawal.address_invalid');
  end if;

  insert into ledger.transactions (user_id, token_id, type, status, amount, currency, network, metadata)
  values (
    me, p_token_id, 'withdrawal', 'pending', -p_amount, token.symbol, token.network,
    jsonb_build_object('address', p_address)
  )
  returning * into movement;
  perform core.remember('ledger.request_withdrawal', p_key, arguments, jsonb_build_object('id', movement.id));
  return movement;
end
$$;

comment on function ledger.request_withdrawal(uuid, numeric, text, text) is
  E'@argument address Where the tokens go.\nAsks for an amount of a token to be paid out to an address on its network. The balance is debited at once; should the payment fail, it is given back. key: send the same again after a lost answer, and it is asked once. Refuses token.unknown, token.amount_invalid, withdrawal.address_invalid and holding.insufficient.';

revoke all on function ledger.request_withdrawal(uuid, numeric, text, text) from public;
grant execute on function ledger.request_withdrawal(uuid, numeric, text, text) to stoa_member;
