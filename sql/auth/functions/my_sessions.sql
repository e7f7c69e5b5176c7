create or replace function auth.my_sessions()
returns setof auth.session_overview
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 5
begin atomic
  select
    session.id,
    session.id is not distinct from auth.current_session_id(),
    session.device_info,
    session.ip_address,
    session.user_agent,
    session.second_factor_at,
    session.last_active_at,
    session.expires_at,
    session.inserted_at
  from auth.sessions as session
  where session.user_id = core.require_member()
    and session.revoked_at is null
    and session.expires_at > now()
  order by session.id desc;
end;

comment on function auth.my_sessions() is
  'The devices on which the caller is signed in, newest first, at most 50. No digests, no tokens.';

revoke all on function auth.my_sessions() from public;
grant execute on function auth.my_sessions() to stoa_member;
