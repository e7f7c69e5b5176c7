create or replace function ledger.record_deposit(
  p_user_id uuid,
  p_token_id uuid,
  p_amount numeric,
  p_network text,
  p_transaction_hash text,
  p_log_index integer default 0
)
returns ledger.transactions
language plpgsql
volatile
-- The worker has no grants on the ledger.
security definer
set search_path = ''
as $$
declare
  hash constant text := lower(core.clean_text(p_transaction_hash, 128));
  movement_id constant uuid := core.uuidv7();
  token governance.tokens;
  movement ledger.transactions;
begin
  token := governance.known_token(p_token_id);
  perform governance.check_amount(token, p_amount);
  if p_network is distinct from token.network or coalesce(p_log_index, -1) < 0 then
    perform core.fail('deposit.event_invalid');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id) then
    perform core.fail('user.unknown');
  end if;

  -- Whoever writes the receipt credits. The other one waits here, and then finds what was credited.
  insert into ledger.chain_receipts (network, transaction_hash, log_index, user_id, transaction_id)
  values (p_network, hash, p_log_index, p_user_id, movement_id)
  on conflict (network, transaction_hash, log_index) do nothing;
  if not found then
    select credited.* into movement
    from ledger.chain_receipts as receipt
    join ledger.transactions as credited
      on credited.user_id = receipt.user_id and credited.id = receipt.transaction_id
    where receipt.network = p_network
      and receipt.transaction_hash = hash
      and receipt.log_index = p_log_index;
    return movement;
  end if;

  insert into ledger.transactions (
    user_id, id, token_id, type, status, amount, currency, network, transaction_hash
  )
  values (
    p_user_id, movement_id, p_token_id, 'deposit', 'confirmed', p_amount, token.symbol, p_network, hash
  )
  returning * into movement;
  return movement;
end
$$;

comment on function ledger.record_deposit(uuid, uuid, numeric, text, text, integer) is
  'For the worker: credits an event on a chain, once, however often and by however many workers it is reported; returns the movement that was written the first time. Refuses token.unknown, token.amount_invalid, user.unknown, another network than the token''s or a negative index (deposit.event_invalid), and holding.too_large.';

revoke all on function ledger.record_deposit(uuid, uuid, numeric, text, text, integer) from public;
grant execute on function ledger.record_deposit(uuid, uuid, numeric, text, text, integer) to stoa_worker;
