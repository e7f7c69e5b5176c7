create or replace function auth.authenticate(p_token_hash bytea)
returns table (user_id uuid, role text, session_id uuid)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  last_active timestamptz;
begin
  select
    session.user_id,
    case when person.is_active and (person.banned_until is null or person.banned_until <= now()) then person.role end,
    session.id,
    session.last_active_at
  into user_id, role, session_id, last_active
  from auth.sessions as session
  join core.users as person on person.id = session.user_id
  left join auth.accounts as account on account.user_id = session.user_id
  where session.token_hash = p_token_hash
    and session.revoked_at is null
    and session.token_expires_at > now()
    and session.expires_at > now()
    and session.inserted_at >= coalesce(account.password_changed_at, '-infinity')
    and person.erased_at is null;
  if not found then
    return;
  end if;

  if last_active < now() - interval '1 minute' then
    update auth.sessions
    set last_active_at = now()
    where id = session_id;
  end if;
  return next;
end
$$;

comment on function auth.authenticate(bytea) is
  'Whose access token this is; no row for one that is unknown, too old, signed out, or older than the password. The role is null for an account that is banned or disabled: it has a name and acts as a visitor. Three look-ups by unique keys; writes once a minute a session at most.';

revoke all on function auth.authenticate(bytea) from public;
grant execute on function auth.authenticate(bytea) to stoa_auth;
