-- Why: realtime objects: 1 function, 1 trigger, as they stand under sql/.
-- New: auth.session_states, auth triggers sessions.announce_end.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on auth.sessions (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: auth/functions/session_states.sql
create or replace function auth.session_states(p_session_ids uuid[])
returns table (session_id uuid, state text, role text, ends_at timestamptz)
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 100
begin atomic
  select
    session.id,
    case
      when person.erased_at is not null or not person.is_active then 'ended'
      when person.banned_until > now() then 'banned'
      when session.revoked_at is not null
        or session.token_expires_at <= now()
        or session.expires_at <= now()
        or session.inserted_at < coalesce(account.password_changed_at, '-infinity')
        then 'ended'
      else 'live'
    end,
    person.role,
    least(session.token_expires_at, session.expires_at)
  from auth.sessions as session
  join core.users as person on person.id = session.user_id
  left join auth.accounts as account on account.user_id = session.user_id
  where session.id = any (p_session_ids);
end;

comment on function auth.session_states(uuid[]) is
  'What has become of sessions, for the gateway, which holds connections open for them: live, ended, or banned (the account is), the role of the account, and when the session ends unless it is refreshed: a connection lives as long as its session has an access token that is not too old. An id that is not in the answer ended long ago. Three look-ups by unique keys for each.';

revoke all on function auth.session_states(uuid[]) from public;
grant execute on function auth.session_states(uuid[]) to stoa_auth;

-- Object: auth/triggers/sessions.announce_end.sql
create or replace trigger announce_end
after update of revoked_at on auth.sessions
for each row
when (old.revoked_at is null and new.revoked_at is not null)
execute function core.announce_row('access', 'user_id');

comment on trigger announce_end on auth.sessions is 'Connections of a session that ended are closed.';

-- End of objects

-- Down Migration

drop trigger announce_end on auth.sessions;
drop function auth.session_states(uuid[]);
