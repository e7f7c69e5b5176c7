create or replace function auth.create_session(
  p_user_id uuid,
  p_token_hash bytea,
  p_refresh_token_hash bytea,
  p_device_info jsonb default '{}',
  p_device_fingerprint text default null,
  p_ip inet default null,
  p_user_agent text default null,
  p_pending_token_hash bytea default null
)
returns table (user_id uuid, session_id uuid, role text, token_expires_at timestamptz, expires_at timestamptz)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  live_sessions constant integer := 50;
  person core.users;
  refusal text;
  wait integer;
  passed timestamptz;
begin
  -- Sign-ins of one account stand in line, or two of them could both be the fiftieth.
  select * into person from core.users where id = p_user_id for no key update;
  if not found then
    perform core.fail('sign_in.failed');
  end if;
  select state.reason, state.retry_after into refusal, wait from auth.account_state(p_user_id) as state;
  if refusal is not null then
    perform core.fail(refusal, wait);
  end if;

  if exists (
    select from auth.two_factor as factor where factor.user_id = p_user_id and factor.confirmed_at is not null
  ) then
    update auth.pending_sign_ins as pending
    set consumed_at = now()
    where pending.token_hash = p_pending_token_hash
      and pending.user_id = p_user_id
      and pending.passed_at is not null
      and pending.consumed_at is null
      and pending.expires_at > now()
    returning pending.passed_at into passed;
    if not found then
      perform core.fail('second_factor.required');
    end if;
  end if;

  update auth.sessions as session
  set revoked_at = now()
  where session.id in (
    select live.id
    from auth.sessions as live
    where live.user_id = p_user_id
      and live.revoked_at is null
      and live.expires_at > now()
    order by live.id desc
    offset live_sessions - 1
  );

  update auth.accounts as account
  set last_login_at = now()
  where account.user_id = p_user_id;

  return query
    insert into auth.sessions as session (
      user_id, token_hash, refresh_token_hash, device_info, device_fingerprint, ip_address, user_agent, second_factor_at
    )
    values (
      p_user_id, p_token_hash, p_refresh_token_hash, coalesce(p_device_info, '{}'), left(p_device_fingerprint, 128),
      p_ip, left(p_user_agent, 1000), passed
    )
    returning session.user_id, session.id, person.role, session.token_expires_at, session.expires_at;
end
$$;

comment on function auth.create_session(uuid, bytea, bytea, jsonb, text, inet, text, bytea) is
  'Signs a device in for 30 days. Of the sessions of an account at most 50 live: the oldest ends for the newest. Where a second factor is on, only a pending sign-in that has passed it can be turned into a session. Refuses second_factor.required, account.disabled, account.banned.';

revoke all on function auth.create_session(uuid, bytea, bytea, jsonb, text, inet, text, bytea) from public;
grant execute on function auth.create_session(uuid, bytea, bytea, jsonb, text, inet, text, bytea) to stoa_auth;
