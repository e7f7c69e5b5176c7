create or replace function ledger.transfer(
  p_to_user_id uuid,
  p_token_id uuid,
  p_amount numeric,
  p_description text default null,
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
  arguments constant jsonb := jsonb_build_array(p_to_user_id, p_token_id, p_amount, p_description);
  words constant text := core.clean_text(p_description, 500, false);
  earlier jsonb;
  token governance.tokens;
  pair constant uuid := core.uuidv7();
  movement ledger.transactions;
begin
  earlier := core.recall('ledger.transfer', p_key, arguments);
  if earlier is not null then
    select * into movement from ledger.transactions as made where made.user_id = me and made.id = (earlier ->> 'id')::uuid;
    return movement;
  end if;

  if p_to_user_id = me then
    perform core.fail('transfer.to_self');
  end if;
  if not exists (
    select
    from core.users as person
    where person.id = p_to_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  token := governance.known_token(p_token_id);
  perform governance.check_amount(token, p_amount);

  -- Both legs in one statement: its trigger takes and gives, in the order of the keys.
  with legs as (
    insert into ledger.transactions (
      user_id, counterparty_id, transfer_id, token_id, type, status, amount, currency, description
    )
    values
      (me, p_to_user_id, pair, p_token_id, 'transfer', 'confirmed', -p_amount, token.symbol, words),
      (p_to_user_id, me, pair, p_token_id, 'transfer', 'confirmed', p_amount, token.symbol, words)
    returning *
  )
  select * into movement from legs where legs.user_id = me;
  perform core.remember('ledger.transfer', p_key, arguments, jsonb_build_object('id', movement.id));
  return movement;
end
$$;

comment on function ledger.transfer(uuid, uuid, numeric, text, text) is
  E'@name transfer_tokens\nMoves an amount of a token from the caller''s free balance to somebody else, at once, and returns the caller''s leg; the other leg has the same transfer_id. key: send the same again after a lost answer, and it is moved once. Refuses transfer.to_self, user.unknown, token.unknown, token.amount_invalid, holding.insufficient and holding.too_large. Limit: description 500 characters. Two rows and two holdings, locked in the order of the users.';

revoke all on function ledger.transfer(uuid, uuid, numeric, text, text) from public;
grant execute on function ledger.transfer(uuid, uuid, numeric, text, text) to stoa_member;
