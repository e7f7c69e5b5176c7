create or replace function audit.commit_digest()
returns trigger
language plpgsql
-- Whoever writes the log has no right to its digests.
security definer
set search_path = ''
as $$
declare
  salt constant bytea := uuid_send(gen_random_uuid());
  personal constant bytea := audit.personal_digest(new, salt);
begin
  insert into audit.digests (log_id, digest, personal_digest, salt)
  values (new.id, audit.entry_digest(new, personal), personal, salt);
  return null;
end
$$;

comment on function audit.commit_digest() is
  'Trigger of the audit log: writes down with each entry what it must be. A row of its own, so writers do not wait for each other; the sealing job orders them later.';

revoke all on function audit.commit_digest() from public;
