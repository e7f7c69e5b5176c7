create or replace function auth.end_sessions(p_user_id uuid, p_except uuid default null)
returns integer
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  ended integer;
begin
  update auth.sessions
  set revoked_at = now()
  where user_id = p_user_id
    and revoked_at is null
    and expires_at > now()
    and id is distinct from p_except;
  get diagnostics ended = row_count;

  delete from auth.pending_sign_ins
  where user_id = p_user_id;
  return ended;
end
$$;

comment on function auth.end_sessions(uuid, uuid) is
  'Signs an account out everywhere, but for one session where that is given, and ends sign-ins that wait for a second factor. Returns how many sessions ended.';

revoke all on function auth.end_sessions(uuid, uuid) from public;
grant execute on function auth.end_sessions(uuid, uuid) to stoa_auth;
