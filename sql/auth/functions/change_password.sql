create or replace function auth.change_password(
  p_user_id uuid,
  p_session_id uuid,
  p_password_hash text,
  p_new_token_hash bytea,
  p_new_refresh_token_hash bytea
)
returns table (user_id uuid, session_id uuid, role text, token_expires_at timestamptz, expires_at timestamptz)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
begin
  perform auth.set_password(p_user_id, p_password_hash);
  perform auth.end_sessions(p_user_id, p_except => p_session_id);

  -- The session goes on under new tokens, and counts from now: those older than the password are void.
  update auth.sessions as session
  set
    token_hash = p_new_token_hash,
    token_expires_at = least(now() + interval '1 hour', session.expires_at),
    refresh_token_hash = p_new_refresh_token_hash,
    inserted_at = now()
  from core.users as person
  where session.id = p_session_id
    and session.user_id = p_user_id
    and session.revoked_at is null
    and session.expires_at > now()
    and person.id = session.user_id
  returning session.user_id, session.id, person.role, session.token_expires_at, session.expires_at
  into user_id, session_id, role, token_expires_at, expires_at;
  if not found then
    perform core.fail('session.ended');
  end if;
  return next;
end
$$;

comment on function auth.change_password(uuid, uuid, text, bytea, bytea) is
  'Sets a new password for somebody who is signed in and has shown the old one: signs out everywhere else, and gives this session new tokens. Refuses session.ended, password.not_hashed.';

revoke all on function auth.change_password(uuid, uuid, text, bytea, bytea) from public;
grant execute on function auth.change_password(uuid, uuid, text, bytea, bytea) to stoa_auth;
