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
