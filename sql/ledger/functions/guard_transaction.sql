create or replace function ledger.guard_transaction()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  allowed text[] := array['updated_at'];
begin
  if old.status = 'pending' and new.status <> 'pending' then
    allowed := allowed || array['status', 'network', 'transaction_hash', 'metadata'];
  end if;
  if new.description is null then
    -- Words of somebody who was erased; the movement stands without them.
    allowed := allowed || array['description'];
  end if;
  if to_jsonb(new) - allowed is distinct from to_jsonb(old) - allowed then
    perform core.fail('transaction.settled');
  end if;
  return new;
end
$$;

comment on function ledger.guard_transaction() is
  'Trigger. A movement is settled once and does not change otherwise (transaction.settled), but for its description, which can be taken away.';

revoke all on function ledger.guard_transaction() from public;
