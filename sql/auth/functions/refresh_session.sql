create or replace function auth.refresh_session(
  p_refresh_token_hash bytea,
  p_new_token_hash bytea,
  p_new_refresh_token_hash bytea,
  p_ip inet default null,
  p_user_agent text default null
)
returns table (
  reason text,
  user_id uuid,
  session_id uuid,
  role text,
  token_expires_at timestamptz,
  expires_at timestamptz
)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
begin
  update auth.sessions as session
  set
    token_hash = p_new_token_hash,
    token_expires_at = least(now() + interval '1 hour', session.expires_at),
    refresh_token_hash = p_new_refresh_token_hash,
    ip_address = coalesce(p_ip, session.ip_address),
    user_agent = coalesce(left(p_user_agent, 1000), session.user_agent),
    last_active_at = now()
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where session.refresh_token_hash = p_refresh_token_hash
    and session.revoked_at is null
    and session.expires_at > now()
    and person.id = session.user_id
    and person.is_active
    and person.erased_at is null
    and (person.banned_until is null or person.banned_until <= now())
    and session.inserted_at >= coalesce(account.password_changed_at, '-infinity')
  returning session.user_id, session.id, person.role, session.token_expires_at, session.expires_at
  into user_id, session_id, role, token_expires_at, expires_at;

  if found then
    insert into auth.spent_refresh_tokens (token_hash, session_id)
    values (p_refresh_token_hash, refresh_session.session_id);
    return next;
    return;
  end if;

  -- Of two that come at once the second waits for the first above and then finds the token spent, here.
  update auth.sessions as session
  set revoked_at = now()
  from auth.spent_refresh_tokens as spent
  where spent.token_hash = p_refresh_token_hash
    and session.id = spent.session_id
    and session.revoked_at is null;
  reason := case when found then 'session.token_reused' else 'session.ended' end;
  return next;
end
$$;

comment on function auth.refresh_session(bytea, bytea, bytea, inet, text) is
  'Replaces both tokens of a session in one update; the session ends when it always would. A refresh token that was replaced before ends the session, with every token that came of it, because there are two who hold it (reason session.token_reused). Raises nothing, so that this is kept; the gateway raises the reason.';

revoke all on function auth.refresh_session(bytea, bytea, bytea, inet, text) from public;
grant execute on function auth.refresh_session(bytea, bytea, bytea, inet, text) to stoa_auth;
