create or replace function ledger.settle(
  p_user_id uuid,
  p_transaction_id uuid,
  p_status text,
  p_transaction_hash text default null
)
returns ledger.transactions
language plpgsql
volatile
-- The worker has no grants on the ledger.
security definer
set search_path = ''
as $$
declare
  hash constant text := lower(core.clean_text(p_transaction_hash, 128, false));
  movement ledger.transactions;
begin
  if p_status is null
    or p_status not in ('confirmed', 'failed', 'cancelled')
    or (hash is not null and p_status <> 'confirmed')
  then
    perform core.fail('transaction.status_invalid');
  end if;
  select * into movement
  from ledger.transactions as candidate
  where candidate.user_id = p_user_id and candidate.id = p_transaction_id
  for no key update;
  if not found then
    perform core.fail('transaction.unknown');
  end if;
  if movement.status <> 'pending' then
    perform core.fail('transaction.settled');
  end if;
  if hash is not null and movement.network is null then
    perform core.fail('transaction.status_invalid');
  end if;

  update ledger.transactions as settled
  set status = p_status,
      transaction_hash = coalesce(hash, settled.transaction_hash)
  where settled.user_id = p_user_id and settled.id = p_transaction_id
  returning * into movement;
  return movement;
end
$$;

comment on function ledger.settle(uuid, uuid, text, text) is
  'For the worker: ends a pending movement as confirmed (with its hash on the chain), failed or cancelled, once (transaction.settled). A credit that is confirmed counts from now on, a debit that is not is given back. Refuses transaction.status_invalid and transaction.unknown.';

revoke all on function ledger.settle(uuid, uuid, text, text) from public;
grant execute on function ledger.settle(uuid, uuid, text, text) to stoa_worker;
