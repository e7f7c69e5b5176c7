-- Why: programs say through a function which version they are, so that their logins need no grant on a table.
-- New: ops.note_client, policies of ops.client_versions.
-- Locks: none on tables.
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/functions/note_client.sql
create or replace function ops.note_client(p_application text, p_version text)
returns void
language sql
volatile
-- The logins of the program have no grant on any table.
security definer
set search_path = ''
as $$
  insert into ops.client_versions (application, version)
  values (p_application, p_version)
  on conflict (application, version) do update
  set seen_at = excluded.seen_at
$$;

comment on function ops.note_client(text, text) is
  'Sign-in service and worker: says that a process of this part and version is connected. One row is written.';

revoke all on function ops.note_client(text, text) from public;
grant execute on function ops.note_client(text, text) to stoa_auth, stoa_worker;

-- Object: ops/policies/client_versions.sql
-- The database's own book-keeping: no API role reads it. Programs write to it through a function.
revoke all on ops.client_versions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- End of objects

-- Down Migration

drop function ops.note_client(text, text);
