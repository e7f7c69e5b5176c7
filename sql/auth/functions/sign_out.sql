create or replace function auth.sign_out(p_session_id uuid)
returns boolean
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  update auth.sessions
  set revoked_at = now()
  where id = p_session_id
    and revoked_at is null;
  return found;
end
$$;

comment on function auth.sign_out(uuid) is
  'Ends one session, for the gateway, which has authenticated its token. False when it had ended already.';

revoke all on function auth.sign_out(uuid) from public;
grant execute on function auth.sign_out(uuid) to stoa_auth;
