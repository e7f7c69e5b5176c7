create or replace function audit.note_ledger(p_request_id uuid, p_key text, p_digest bytea)
returns void
language plpgsql
volatile
-- Progress belongs to the owner.
security definer
set search_path = ''
as $$
begin
  update audit.erasures
  set ledger_key = p_key,
      ledger_digest = p_digest
  where request_id = p_request_id
    and finished_at is null;
  if not found then
    perform core.fail('privacy.unknown');
  end if;
end
$$;

comment on function audit.note_ledger(uuid, text, bytea) is
  'Worker: writes down which object of the storage brings an erasure back after a restore. Refuses privacy.unknown.';

revoke all on function audit.note_ledger(uuid, text, bytea) from public;
grant execute on function audit.note_ledger(uuid, text, bytea) to stoa_worker;
