-- Why: what is defined in sql/auth: 72 functions, 6 triggers, as they stand under sql/.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on auth.accounts, auth.sessions, auth.throttles,
--   auth.two_factor, auth.wallets (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: auth/functions/accept_step.sql
create or replace function auth.accept_step(p_user_id uuid, p_step bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.two_factor
  set last_used_step = p_step
  where user_id = p_user_id
    and confirmed_at is not null
    and (last_used_step is null or last_used_step < p_step);
  if not found then
    perform core.fail('second_factor.replayed');
  end if;
  perform auth.forget_attempts('second_factor', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.accept_step(uuid, bigint) is
  'Spends the 30-second step of a code that was right, in one update: neither it nor an earlier one is accepted again, however many come at once. Refuses second_factor.replayed.';

revoke all on function auth.accept_step(uuid, bigint) from public;

-- Object: auth/functions/account_of.sql
create or replace function auth.account_of(p_user_id uuid)
returns auth.account_overview
language sql
stable
set search_path = ''
begin atomic
  select row(
    person.id,
    account.email::text,
    account.email_verified_at,
    account.pending_email::text,
    account.password_hash is not null,
    account.wallet_pin_hash is not null,
    account.first_name,
    account.last_name,
    account.last_login_at,
    (select factor.confirmed_at from auth.two_factor as factor where factor.user_id = person.id),
    (select count(*) from auth.recovery_codes as code where code.user_id = person.id and code.used_at is null),
    person.inserted_at
  )::auth.account_overview
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where person.id = p_user_id;
end;

comment on function auth.account_of(uuid) is
  'The private half of one account without its digests and secrets. Not for clients: see auth.my_account and auth.admin_account.';

revoke all on function auth.account_of(uuid) from public;

-- Object: auth/functions/account_state.sql
create or replace function auth.account_state(p_user_id uuid)
returns table (reason text, retry_after integer)
language sql
stable
set search_path = ''
rows 1
begin atomic
  select
    case
      when not person.is_active or person.erased_at is not null then 'account.disabled'
      when person.banned_until > now() then 'account.banned'
    end,
    case
      when person.is_active and person.banned_until > now() and isfinite(person.banned_until)
        then least(ceil(extract(epoch from person.banned_until - now())), 2147483647)::integer
    end
  from core.users as person
  where person.id = p_user_id;
end;

comment on function auth.account_state(uuid) is
  'Why an account may not sign in, with the seconds until that ends; a null reason when it may. A closed account may, so that its owner can open it again.';

revoke all on function auth.account_state(uuid) from public;

-- Object: auth/functions/admin_account.sql
create or replace function auth.admin_account(p_user_id uuid)
returns auth.account_overview
language plpgsql
volatile
-- The tables of this schema are granted to nobody, and reading somebody's address leaves a trace.
security definer
set search_path = ''
as $$
declare
  account auth.account_overview;
begin
  perform core.require_role('admin');
  account := auth.account_of(p_user_id);
  if account.user_id is null then
    perform core.fail('user.unknown');
  end if;
  perform audit.record('read_account', 'auth.accounts', p_user_id);
  return account;
end
$$;

comment on function auth.admin_account(uuid) is
  'The private half of somebody''s account, for administrators; each look is in the audit log. Refuses role.insufficient, user.unknown.';

revoke all on function auth.admin_account(uuid) from public;
grant execute on function auth.admin_account(uuid) to stoa_admin;

-- Object: auth/functions/authenticate.sql
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

-- Object: auth/functions/begin_pending_sign_in.sql
create or replace function auth.begin_pending_sign_in(p_user_id uuid, p_token_hash bytea)
returns timestamptz
language sql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  insert into auth.pending_sign_ins (token_hash, user_id)
  values (p_token_hash, p_user_id)
  returning expires_at;
end;

comment on function auth.begin_pending_sign_in(uuid, bytea) is
  'Remembers that the first factor was right. The token stands for that and for nothing else. Returns the end of its validity, five minutes ahead.';

revoke all on function auth.begin_pending_sign_in(uuid, bytea) from public;
grant execute on function auth.begin_pending_sign_in(uuid, bytea) to stoa_auth;

-- Object: auth/functions/begin_two_factor.sql
create or replace function auth.begin_two_factor(p_user_id uuid, p_secret_ciphertext bytea, p_key_id text)
returns table (issuer text, label text)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
begin
  insert into auth.two_factor as factor (user_id, secret_ciphertext, key_id)
  values (p_user_id, p_secret_ciphertext, p_key_id)
  on conflict (user_id) do update
  set
    secret_ciphertext = excluded.secret_ciphertext,
    key_id = excluded.key_id,
    last_used_step = null
  where factor.confirmed_at is null;
  if not found then
    perform core.fail('second_factor.already_on');
  end if;

  return query
    select core.setting_text('site.name'), coalesce(person.username::text, account.email::text, 'account')
    from core.users as person
    left join auth.accounts as account on account.user_id = person.id
    where person.id = p_user_id;
end
$$;

comment on function auth.begin_two_factor(uuid, bytea, text) is
  'Keeps an encrypted TOTP secret that is not in force until a first code confirms it; replaces one that was begun before. Returns how an authenticator app should call it. Refuses second_factor.already_on.';

revoke all on function auth.begin_two_factor(uuid, bytea, text) from public;
grant execute on function auth.begin_two_factor(uuid, bytea, text) to stoa_auth;

-- Object: auth/functions/change_email.sql
create or replace function auth.change_email(p_token_hash bytea)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  token constant auth.one_time_tokens := auth.spend_one_time_token(p_token_hash, 'change_email');
  account auth.accounts;
begin
  -- The account's public row first: the order in which everything here locks.
  perform from core.users where id = token.user_id for no key update;
  select * into account from auth.accounts where user_id = token.user_id for no key update;
  if account.pending_email is null
    or account.pending_email operator(extensions.<>) (token.payload ->> 'email')::extensions.citext then
    perform core.fail('token.spent');
  end if;

  begin
    update auth.accounts
    set
      email = account.pending_email,
      email_verified_at = now(),
      pending_email = null,
      password_hash = coalesce(account.pending_password_hash, password_hash),
      pending_password_hash = null
    where user_id = token.user_id;
  exception
    when unique_violation then
      perform core.fail('email.taken');
  end;

  update core.users
  set is_anonymous = false
  where id = token.user_id
    and is_anonymous;

  -- What was mailed to the address before must not act on the account any more.
  delete from auth.one_time_tokens
  where user_id = token.user_id
    and used_at is null;
  return token.user_id;
end
$$;

comment on function auth.change_email(bytea) is
  'Puts the pending address in force by the token that was mailed to it; for an anonymous account that completes it, with its password. Tokens mailed to the old address are void. Returns whose. Refuses token.spent, email.taken.';

revoke all on function auth.change_email(bytea) from public;
grant execute on function auth.change_email(bytea) to stoa_auth;

-- Object: auth/functions/change_password.sql
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

-- Object: auth/functions/checked_email.sql
create or replace function auth.checked_email(p_email text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  email constant text := btrim(p_email);
begin
  if email is null or email !~ '^[^@[:space:]]+@[^@[:space:]]+$' or length(email) > 255 then
    perform core.fail('email.malformed');
  end if;
  return email;
end
$$;

comment on function auth.checked_email(text) is
  'The address without blanks around it. Refuses what cannot be one (email.malformed).';

revoke all on function auth.checked_email(text) from public;

-- Object: auth/functions/checked_password_hash.sql
create or replace function auth.checked_password_hash(p_hash text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_hash is null or p_hash !~ '^\$argon2id\$v=19\$[mtp]=[0-9]+,[mtp]=[0-9]+,[mtp]=[0-9]+\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43,}$' then
    perform core.fail('password.not_hashed');
  end if;
  return p_hash;
end
$$;

comment on function auth.checked_password_hash(text) is
  'The PHC string. Refuses anything else (password.not_hashed), so a plain password can never be stored by mistake.';

revoke all on function auth.checked_password_hash(text) from public;

-- Object: auth/functions/claim_wallet.sql
create or replace function auth.claim_wallet(p_user_id uuid, p_network text, p_address text, p_type text)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  claimed_key constant text := auth.wallet_address_key(p_network, p_address);
  wallet_id uuid;
begin
  -- Somebody's claim without proof gives way to a proof.
  delete from auth.wallets
  where address_key = claimed_key
    and user_id <> p_user_id
    and verified_at is null;

  begin
    insert into auth.wallets as wallet (user_id, network, address, address_key, type, is_primary, verified_at)
    values (
      p_user_id, p_network, p_address, claimed_key, p_type,
      not exists (select from auth.wallets as other where other.user_id = p_user_id and other.is_primary),
      now()
    )
    on conflict (network, address_key) do update
    set verified_at = coalesce(wallet.verified_at, now())
    where wallet.user_id = p_user_id
    returning wallet.id into wallet_id;
  exception
    when exclusion_violation then
      perform core.fail('wallet.taken');
  end;
  if wallet_id is null then
    perform core.fail('wallet.taken');
  end if;
  return wallet_id;
end
$$;

comment on function auth.claim_wallet(uuid, text, text, text) is
  'Makes a wallet whose control was just proven the account''s own; the first one is its primary. Refuses one that belongs to somebody else, on whichever chain (wallet.taken).';

revoke all on function auth.claim_wallet(uuid, text, text, text) from public;

-- Object: auth/functions/complete_account.sql
create or replace function auth.complete_account(
  p_user_id uuid,
  p_email text,
  p_password_hash text,
  p_username text default null,
  p_display_name text default null,
  p_ip inet default null
)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  hash constant text := auth.checked_password_hash(p_password_hash);
  person core.users;
begin
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');

  select * into person from core.users where id = p_user_id for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;
  if not person.is_anonymous then
    perform core.fail('account.complete');
  end if;
  if person.username is null and p_username is null then
    perform core.fail('username.malformed');
  end if;

  begin
    update core.users
    set
      username = coalesce(username, core.check_username(p_username)::extensions.citext),
      display_name = coalesce(core.clean_text(p_display_name, 100, p_required => false), display_name)
    where id = p_user_id;
  exception
    when unique_violation then
      perform core.fail('username.taken');
  end;

  insert into auth.accounts (user_id, pending_email, pending_password_hash)
  values (p_user_id, address::extensions.citext, hash)
  on conflict (user_id) do update
  set
    pending_email = excluded.pending_email,
    pending_password_hash = excluded.pending_password_hash;
  perform auth.queue_mail('change_email', p_user_id);
end
$$;

comment on function auth.complete_account(uuid, text, text, text, text, inet) is
  'Gives an anonymous account a username at once, and an address and a password as soon as the address is proven by the mailed token (auth.change_email). So the answer is the same for an address that is taken. Refuses account.complete, email.malformed, password.not_hashed, username.malformed, username.reserved, username.taken, mail.too_many.';

revoke all on function auth.complete_account(uuid, text, text, text, text, inet) from public;
grant execute on function auth.complete_account(uuid, text, text, text, text, inet) to stoa_auth;

-- Object: auth/functions/confirm_two_factor.sql
create or replace function auth.confirm_two_factor(p_user_id uuid, p_step bigint, p_recovery_code_hashes text[])
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  update auth.two_factor
  set
    confirmed_at = now(),
    last_used_step = p_step
  where user_id = p_user_id
    and confirmed_at is null;
  if not found then
    perform core.fail('second_factor.already_on');
  end if;
  perform auth.replace_recovery_codes(p_user_id, p_recovery_code_hashes);
  perform auth.forget_attempts('second_factor', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.confirm_two_factor(uuid, bigint, text[]) is
  'Puts the second factor in force: its first code was right, and is spent. Keeps the hashes of the recovery codes. Refuses second_factor.already_on.';

revoke all on function auth.confirm_two_factor(uuid, bigint, text[]) from public;
grant execute on function auth.confirm_two_factor(uuid, bigint, text[]) to stoa_auth;

-- Object: auth/functions/consume_wallet_challenge.sql
create or replace function auth.consume_wallet_challenge(p_network text, p_address text, p_nonce text, p_message text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.wallet_challenges
  set consumed_at = now()
  where nonce = p_nonce
    and network = p_network
    and address_key = auth.wallet_address_key(p_network, p_address)
    and message = p_message
    and consumed_at is null
    and expires_at > now();
  if not found then
    perform core.fail('wallet.challenge_gone');
  end if;
end
$$;

comment on function auth.consume_wallet_challenge(text, text, text, text) is
  'Accepts the signature of a challenge once, in one update, and only for the text that was handed out. Refuses wallet.challenge_gone.';

revoke all on function auth.consume_wallet_challenge(text, text, text, text) from public;

-- Object: auth/functions/count_attempt.sql
create or replace function auth.count_attempt(p_scope text, p_key bytea, p_reason text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  rule auth.throttle_rules;
  throttle auth.throttles;
  moment constant timestamptz := clock_timestamp();
  quiet_since timestamptz;
begin
  if p_key is null then
    return;
  end if;

  -- Who is blocked is turned away by a read alone: no lock, no write, so a flood costs little.
  select * into throttle from auth.throttles where scope = p_scope and key_hash = p_key;
  if throttle.blocked_until > moment then
    perform core.fail(p_reason, ceil(extract(epoch from throttle.blocked_until - moment))::integer);
  end if;

  select * into strict rule from auth.throttle_rules where scope = p_scope;

  -- Makes the row or locks it: attempts of one key stand in line, so a burst cannot slip through a gap.
  insert into auth.throttles as known (scope, key_hash)
  values (p_scope, p_key)
  on conflict (scope, key_hash) do update set attempts = known.attempts
  returning * into throttle;

  if throttle.blocked_until > moment then
    perform core.fail(p_reason, ceil(extract(epoch from throttle.blocked_until - moment))::integer);
  end if;

  quiet_since := coalesce(throttle.blocked_until, throttle.window_started_at);
  if quiet_since + rule.counted_for <= moment then
    throttle.blocks := 0;
  end if;
  if throttle.blocked_until is not null or quiet_since + rule.counted_for <= moment then
    throttle.attempts := 0;
    throttle.window_started_at := moment;
    throttle.blocked_until := null;
  end if;

  throttle.attempts := throttle.attempts + 1;
  if throttle.attempts >= rule.attempts then
    throttle.blocks := throttle.blocks + 1;
    throttle.blocked_until := moment + least(
      rule.blocked_for * power(2, least(throttle.blocks - 1, 20)),
      rule.longest_block
    );
  end if;

  update auth.throttles
  set
    attempts = throttle.attempts,
    blocks = throttle.blocks,
    window_started_at = throttle.window_started_at,
    blocked_until = throttle.blocked_until
  where scope = p_scope
    and key_hash = p_key;
end
$$;

comment on function auth.count_attempt(text, bytea, text) is
  'Counts one attempt before it is made, or fails with the given reason and the seconds to wait when the rule of the scope has blocked the key. The last attempt that a rule allows is allowed and sets the block; a success takes it back (auth.forget_attempts, auth.uncount_attempt). A refused attempt counts and writes nothing. One row, by its key.';

revoke all on function auth.count_attempt(text, bytea, text) from public;

-- Object: auth/functions/name_key.sql
create or replace function auth.name_key(p_name text)
returns bytea
language sql
immutable
strict
parallel safe
begin atomic
  select sha256(convert_to(lower(btrim(p_name)), 'UTF8'));
end;

comment on function auth.name_key(text) is
  'What attempts by a name are counted under: the digest of an e-mail address, username or account id, case ignored, whether or not it belongs to anybody.';

revoke all on function auth.name_key(text) from public;

-- Object: auth/functions/count_pin_attempt.sql
create or replace function auth.count_pin_attempt(p_user_id uuid)
returns void
language sql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select auth.count_attempt('wallet_pin', auth.name_key(p_user_id::text), 'wallet.pin_too_many');
end;

comment on function auth.count_pin_attempt(uuid) is
  'Counts a PIN as wrong before it is looked at; auth.sign_in_wallet takes that back. Refuses wallet.pin_too_many.';

revoke all on function auth.count_pin_attempt(uuid) from public;
grant execute on function auth.count_pin_attempt(uuid) to stoa_auth;

-- Object: auth/functions/create_administrator.sql
create or replace function auth.create_administrator(p_username text, p_email text, p_token_hash bytea)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  new_id constant uuid := auth.create_user(p_username, null, p_is_anonymous => false);
begin
  update core.users
  set
    class_id = class.id,
    role = class.role
  from core.user_classes as class
  where core.users.id = new_id
    and class.slug = 'administrator';

  begin
    insert into auth.accounts (user_id, email) values (new_id, address::extensions.citext);
  exception
    when unique_violation then
      perform core.fail('email.taken');
  end;
  perform audit.record('create_administrator', 'core.users', new_id);
  return auth.issue_one_time_token(
    new_id, 'reset_password', p_token_hash, interval '24 hours', jsonb_build_object('email', address)
  );
end
$$;

comment on function auth.create_administrator(text, text, bytea) is
  'Makes an administrator without a password; the token sets one, within 24 hours. For the owner of the database, who types the command: granted to nobody. Refuses username.malformed, username.reserved, username.taken, email.malformed, email.taken.';

revoke all on function auth.create_administrator(text, text, bytea) from public;

-- Object: auth/functions/create_session.sql
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

-- Object: auth/functions/create_user.sql
create or replace function auth.create_user(p_username text, p_display_name text, p_is_anonymous boolean)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  new_id uuid;
  violated text;
begin
  begin
    insert into core.users (username, display_name, is_anonymous, class_id, role)
    select
      case when p_username is not null then core.check_username(p_username) end,
      core.clean_text(p_display_name, 100, p_required => false),
      p_is_anonymous,
      class.id,
      class.role
    from core.user_classes as class
    where class.is_default
    returning id into strict new_id;
  exception
    when unique_violation then
      get stacked diagnostics violated = constraint_name;
      if violated <> 'users_username_key' then
        raise;
      end if;
      perform core.fail('username.taken');
  end;

  insert into core.profiles (user_id) values (new_id) on conflict do nothing;
  insert into core.user_settings (user_id) values (new_id) on conflict do nothing;
  return new_id;
end
$$;

comment on function auth.create_user(text, text, boolean) is
  'The public half of a new account, with profile and settings. What other modules keep for each account they add by a trigger on core.users. Refuses a username that is malformed, reserved or taken (username.malformed, username.reserved, username.taken).';

revoke all on function auth.create_user(text, text, boolean) from public;

-- Object: auth/functions/current_session_id.sql
create or replace function auth.current_session_id()
returns uuid
language sql
stable
parallel safe
begin atomic
  select nullif(current_setting('stoa.session_id', true), '')::uuid;
end;

comment on function auth.current_session_id() is
  E'@behavior -*\nThe session by which this request came, or null. Set by the API for the length of one transaction.';

revoke all on function auth.current_session_id() from public;

-- Object: auth/functions/disable_two_factor.sql
create or replace function auth.disable_two_factor(p_user_id uuid, p_step bigint default null, p_code_id uuid default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  if p_step is not null then
    perform auth.accept_step(p_user_id, p_step);
  elsif p_code_id is not null then
    perform auth.spend_recovery_code(p_user_id, p_code_id);
  else
    perform core.fail('second_factor.required');
  end if;

  delete from auth.recovery_codes where user_id = p_user_id;
  delete from auth.two_factor where user_id = p_user_id and confirmed_at is not null;
  if not found then
    perform core.fail('second_factor.not_on');
  end if;
end
$$;

comment on function auth.disable_two_factor(uuid, bigint, uuid) is
  'Switches the second factor off by the step of a code or by a recovery code, either of which is spent; the recovery codes go with it. Refuses second_factor.required, second_factor.not_on, second_factor.replayed, recovery_code.used.';

revoke all on function auth.disable_two_factor(uuid, bigint, uuid) from public;
grant execute on function auth.disable_two_factor(uuid, bigint, uuid) to stoa_auth;

-- Object: auth/functions/end_sessions.sql
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

-- Object: auth/functions/forget_attempts.sql
create or replace function auth.forget_attempts(p_scope text, p_key bytea)
returns void
language sql
volatile
begin atomic
  delete from auth.throttles
  where scope = p_scope
    and key_hash = p_key;
end;

comment on function auth.forget_attempts(text, bytea) is
  'A success: what was counted under the key is forgotten, the doubling of blocks too.';

revoke all on function auth.forget_attempts(text, bytea) from public;

-- Object: auth/functions/issue_one_time_token.sql
create or replace function auth.issue_one_time_token(
  p_user_id uuid,
  p_purpose text,
  p_token_hash bytea,
  p_lifetime interval,
  p_payload jsonb default '{}'
)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  expires timestamptz;
begin
  delete from auth.one_time_tokens
  where user_id = p_user_id
    and purpose = p_purpose;
  insert into auth.one_time_tokens (token_hash, user_id, purpose, payload, expires_at)
  values (p_token_hash, p_user_id, p_purpose, p_payload, now() + p_lifetime)
  returning expires_at into expires;
  return expires;
end
$$;

comment on function auth.issue_one_time_token(uuid, text, bytea, interval, jsonb) is
  'Stores the digest of a new one-time token, which replaces older ones of the same account and purpose. Returns the end of its validity.';

revoke all on function auth.issue_one_time_token(uuid, text, bytea, interval, jsonb) from public;

-- Object: auth/functions/issue_password_link.sql
create or replace function auth.issue_password_link(p_name text, p_token_hash bytea)
returns table (username text, expires_at timestamptz)
language plpgsql
volatile
set search_path = ''
as $$
declare
  person_id uuid;
  address text;
begin
  select person.id, person.username::text, account.email::text
  into person_id, username, address
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where person.username operator(extensions.=) btrim(p_name)::extensions.citext
    or account.email operator(extensions.=) btrim(p_name)::extensions.citext;
  if not found then
    perform core.fail('user.unknown');
  end if;
  if address is null then
    perform core.fail('email.missing');
  end if;

  expires_at := auth.issue_one_time_token(
    person_id, 'reset_password', p_token_hash, interval '24 hours', jsonb_build_object('email', address)
  );
  perform audit.record('issue_password_link', 'core.users', person_id);
  return next;
end
$$;

comment on function auth.issue_password_link(text, bytea) is
  'A token that sets a new password within 24 hours, for an operator to hand over to somebody whose mail does not arrive. Granted to nobody; leaves a trace in the audit log. Refuses user.unknown, email.missing.';

revoke all on function auth.issue_password_link(text, bytea) from public;

-- Object: auth/functions/link_wallet.sql
create or replace function auth.link_wallet(
  p_user_id uuid,
  p_network text,
  p_address text,
  p_nonce text,
  p_message text,
  p_type text default 'external'
)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  if p_type not in ('external', 'contract', 'custodial', 'hardware') then
    perform core.fail('input.malformed');
  end if;
  perform from core.users where id = p_user_id for no key update;
  perform auth.consume_wallet_challenge(p_network, p_address, p_nonce, p_message);
  return auth.claim_wallet(p_user_id, p_network, p_address, p_type);
end
$$;

comment on function auth.link_wallet(uuid, text, text, text, text, text) is
  'Adds a wallet that has signed its challenge to an account, or proves one that was imported without proof. Returns the wallet''s id. Refuses wallet.challenge_gone, wallet.taken, input.malformed.';

revoke all on function auth.link_wallet(uuid, text, text, text, text, text) from public;
grant execute on function auth.link_wallet(uuid, text, text, text, text, text) to stoa_auth;

-- Object: auth/functions/my_account.sql
create or replace function auth.my_account()
returns auth.account_overview
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select auth.account_of(core.require_member());
end;

comment on function auth.my_account() is
  'The caller''s own address, names, and what is switched on. No digests, no secrets. Refuses visitors (session.required).';

revoke all on function auth.my_account() from public;
grant execute on function auth.my_account() to stoa_member;

-- Object: auth/functions/my_sessions.sql
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

-- Object: auth/functions/my_wallets.sql
create or replace function auth.my_wallets()
returns setof auth.wallet_overview
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 2
begin atomic
  select wallet.id, wallet.network, wallet.address, wallet.type, wallet.is_primary, wallet.verified_at, wallet.inserted_at
  from auth.wallets as wallet
  where wallet.user_id = core.require_member()
  order by wallet.id;
end;

comment on function auth.my_wallets() is
  'The caller''s wallets, oldest first.';

revoke all on function auth.my_wallets() from public;
grant execute on function auth.my_wallets() to stoa_member;

-- Object: auth/functions/network_key.sql
create or replace function auth.network_key(p_ip inet)
returns bytea
language sql
immutable
strict
parallel safe
begin atomic
  -- A home is given a whole /64 of IPv6, so that is what counts as one address. A server that listens on both sees
  -- IPv4 as ::ffff:192.0.2.1, of which every client there is would be in one /64.
  select sha256(convert_to(
    case
      when family(p_ip) = 6 and not p_ip <<= inet '::ffff:0:0/96' then text(network(set_masklen(p_ip, 64)))
      else replace(host(p_ip), '::ffff:', '')
    end,
    'UTF8'
  ));
end;

comment on function auth.network_key(inet) is
  'What attempts from a network address are counted under: the digest of an IPv4 address or of an IPv6 /64. Null for null, which counts nowhere.';

revoke all on function auth.network_key(inet) from public;

-- Object: auth/functions/password_confirmed.sql
create or replace function auth.password_confirmed(p_user_id uuid)
returns void
language sql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select auth.forget_attempts('password', auth.name_key(p_user_id::text));
end;

comment on function auth.password_confirmed(uuid) is
  'The password that auth.password_of was asked for was right: forgets the attempts.';

revoke all on function auth.password_confirmed(uuid) from public;
grant execute on function auth.password_confirmed(uuid) to stoa_auth;

-- Object: auth/functions/password_of.sql
create or replace function auth.password_of(p_user_id uuid)
returns text
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  perform auth.count_attempt('password', auth.name_key(p_user_id::text), 'password.too_many');
  return (select password_hash from auth.accounts where user_id = p_user_id);
end
$$;

comment on function auth.password_of(uuid) is
  'The hash to compare with when somebody who is signed in must show the password again; null without a password. Counts the attempt as failed before it is made. Refuses password.too_many.';

revoke all on function auth.password_of(uuid) from public;
grant execute on function auth.password_of(uuid) to stoa_auth;

-- Object: auth/functions/pending_sign_in.sql
create or replace function auth.pending_sign_in(p_token_hash bytea)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  pending_user uuid;
begin
  select user_id into pending_user
  from auth.pending_sign_ins
  where token_hash = p_token_hash
    and consumed_at is null
    and expires_at > now();
  if not found then
    perform core.fail('second_factor.expired');
  end if;
  perform auth.count_attempt('second_factor', auth.name_key(pending_user::text), 'second_factor.too_many');
  return pending_user;
end
$$;

comment on function auth.pending_sign_in(bytea) is
  'Who is about to give a second factor; counts the attempt as failed before the code is looked at. Refuses second_factor.expired, second_factor.too_many.';

revoke all on function auth.pending_sign_in(bytea) from public;
grant execute on function auth.pending_sign_in(bytea) to stoa_auth;

-- Object: auth/functions/prepare_mail.sql
create or replace function auth.prepare_mail(p_kind text, p_user_id uuid, p_token_hash bytea)
returns table (kind text, address text, username text, expires_at timestamptz)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  account auth.accounts;
begin
  select * into account from auth.accounts where user_id = p_user_id;
  select person.username::text into username from core.users as person where person.id = p_user_id;
  kind := p_kind;
  address := account.email::text;

  case p_kind
    when 'verify_email' then
      if account.email is null or account.email_verified_at is not null then
        return;
      end if;
      expires_at := auth.issue_one_time_token(
        p_user_id, 'verify_email', p_token_hash, interval '24 hours', jsonb_build_object('email', account.email)
      );
    when 'reset_password' then
      if account.email is null then
        return;
      end if;
      expires_at := auth.issue_one_time_token(
        p_user_id, 'reset_password', p_token_hash, interval '1 hour', jsonb_build_object('email', account.email)
      );
    when 'change_email' then
      if account.pending_email is null then
        return;
      end if;
      address := account.pending_email::text;
      if exists (
        select
        from auth.accounts as holder
        where holder.email operator(extensions.=) account.pending_email
          and holder.user_id <> p_user_id
      ) then
        -- Its holder learns that somebody tried; whoever tried learns nothing.
        kind := 'already_registered';
        username := null;
      else
        expires_at := auth.issue_one_time_token(
          p_user_id, 'change_email', p_token_hash, interval '24 hours', jsonb_build_object('email', account.pending_email)
        );
      end if;
    when 'already_registered', 'email_change_requested', 'password_changed' then
      if account.email is null then
        return;
      end if;
    else
      perform core.fail('input.malformed');
  end case;
  return next;
end
$$;

comment on function auth.prepare_mail(text, uuid, bytea) is
  'What the mail task needs to send one mail: the address, and, where the kind carries a token, its digest stored here with the end of its validity (null otherwise). Sending again replaces the token before. No row when there is nothing to send any more, or never was. Refuses a kind that does not exist (input.malformed).';

revoke all on function auth.prepare_mail(text, uuid, bytea) from public;
grant execute on function auth.prepare_mail(text, uuid, bytea) to stoa_worker;

-- Object: auth/functions/queue_mail.sql
create or replace function auth.queue_mail(p_kind text, p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform core.enqueue(
    'send_mail',
    json_build_object('kind', p_kind, 'userId', p_user_id),
    'send_mail:' || p_kind || ':' || p_user_id
  );
end
$$;

comment on function auth.queue_mail(text, uuid) is
  'Queues a mail in the transaction of its cause: it is sent if, and only if, that commits. Neither address nor token is in the queue; the task asks auth.prepare_mail for both.';

revoke all on function auth.queue_mail(text, uuid) from public;

-- Object: auth/functions/recovery_codes_of.sql
create or replace function auth.recovery_codes_of(p_user_id uuid, p_count_attempt boolean)
returns table (id uuid, code_hash text)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 10
as $$
begin
  if p_count_attempt then
    perform auth.count_attempt('second_factor', auth.name_key(p_user_id::text), 'second_factor.too_many');
  end if;
  return query
    select code.id, code.code_hash
    from auth.recovery_codes as code
    where code.user_id = p_user_id
      and code.used_at is null
    order by code.id;
end
$$;

comment on function auth.recovery_codes_of(uuid, boolean) is
  'The hashes to compare a recovery code with, at most ten. Counts the attempt as failed before it is made, unless auth.pending_sign_in has. Refuses second_factor.too_many.';

revoke all on function auth.recovery_codes_of(uuid, boolean) from public;
grant execute on function auth.recovery_codes_of(uuid, boolean) to stoa_auth;

-- Object: auth/functions/refresh_session.sql
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

-- Object: auth/functions/refuse.sql
create or replace function auth.refuse(p_reason text, p_retry_after integer default null)
returns void
language plpgsql
stable
-- The sign-in service may raise these and no others.
security definer
set search_path = ''
as $$
begin
  if p_reason not in (
    'sign_in.failed', 'sign_in.busy', 'account.locked', 'account.disabled', 'account.banned', 'account.restricted',
    'session.required',
    'session.ended', 'session.token_reused', 'second_factor.wrong', 'second_factor.not_begun', 'second_factor.not_on',
    'password.wrong', 'password.too_short', 'password.too_long', 'input.malformed',
    'wallet.network_unknown', 'wallet.address_malformed', 'wallet.message_invalid', 'wallet.signature_wrong',
    'wallet.pin_required', 'wallet.pin_wrong', 'wallet.pin_malformed'
  ) then
    raise exception 'reason "%" is not for the sign-in service', p_reason using errcode = 'XX000';
  end if;
  perform core.fail(p_reason, p_retry_after);
end
$$;

comment on function auth.refuse(text, integer) is
  'Raises what the sign-in service found outside the database (a hash, a signature or a code that does not match), with the words of the registry.';

revoke all on function auth.refuse(text, integer) from public;
grant execute on function auth.refuse(text, integer) to stoa_auth;

-- Object: auth/functions/regenerate_recovery_codes.sql
create or replace function auth.regenerate_recovery_codes(p_user_id uuid, p_step bigint, p_hashes text[])
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  perform auth.accept_step(p_user_id, p_step);
  perform auth.replace_recovery_codes(p_user_id, p_hashes);
end
$$;

comment on function auth.regenerate_recovery_codes(uuid, bigint, text[]) is
  'Replaces all recovery codes, by the step of a code, which is spent. Refuses second_factor.replayed.';

revoke all on function auth.regenerate_recovery_codes(uuid, bigint, text[]) from public;
grant execute on function auth.regenerate_recovery_codes(uuid, bigint, text[]) to stoa_auth;

-- Object: auth/functions/register.sql
create or replace function auth.register(
  p_email text,
  p_password_hash text,
  p_username text,
  p_display_name text default null,
  p_ip inet default null
)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  hash constant text := auth.checked_password_hash(p_password_hash);
  new_id uuid;
  violated text;
begin
  perform auth.count_attempt('registration_address', auth.network_key(p_ip), 'registration.too_many');
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  if p_username is null then
    perform core.fail('username.malformed');
  end if;

  begin
    -- The address comes last: whether it is taken or not, the work up to here is the same.
    new_id := auth.create_user(p_username, p_display_name, p_is_anonymous => false);
    insert into auth.accounts (user_id, email, password_hash, password_changed_at, registration_ip)
    values (new_id, address::extensions.citext, hash, now(), p_ip);
    perform auth.queue_mail('verify_email', new_id);
    return new_id;
  exception
    when unique_violation then
      get stacked diagnostics violated = constraint_name;
      if violated <> 'accounts_email_key' then
        raise;
      end if;
  end;

  perform auth.queue_mail('already_registered', account.user_id)
  from auth.accounts as account
  where account.email operator(extensions.=) address::extensions.citext;
  return null;
end
$$;

comment on function auth.register(text, text, text, text, inet) is
  'Registers an account by e-mail: user, profile, settings, credentials, and the mail that verifies the address, all or nothing. Takes the argon2id hash, never the password. An address that is taken gives the same answer to the client (here null instead of an id, which the gateway keeps to itself), and its owner gets a mail. What cannot be hidden is that the username appears among the users: the limit by network address is what keeps that from being used to try addresses in bulk. Refuses email.malformed, password.not_hashed, username.malformed, username.reserved, username.taken, registration.too_many, mail.too_many.';

revoke all on function auth.register(text, text, text, text, inet) from public;
grant execute on function auth.register(text, text, text, text, inet) to stoa_auth;

-- Object: auth/functions/register_anonymous.sql
create or replace function auth.register_anonymous(p_display_name text default null, p_ip inet default null)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  new_id uuid;
begin
  perform auth.count_attempt('registration_address', auth.network_key(p_ip), 'registration.too_many');
  new_id := auth.create_user(null, p_display_name, p_is_anonymous => true);
  insert into auth.accounts (user_id, registration_ip) values (new_id, p_ip);
  return new_id;
end
$$;

comment on function auth.register_anonymous(text, inet) is
  'Registers an account that has nothing but its session; auth.complete_account gives it a name, an address and a password later. Refuses registration.too_many.';

revoke all on function auth.register_anonymous(text, inet) from public;
grant execute on function auth.register_anonymous(text, inet) to stoa_auth;

-- Object: auth/functions/register_wallet.sql
create or replace function auth.register_wallet(
  p_network text,
  p_address text,
  p_nonce text,
  p_message text,
  p_pin_hash text default null,
  p_ip inet default null
)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  new_id uuid;
begin
  perform auth.count_attempt('registration_address', auth.network_key(p_ip), 'registration.too_many');
  perform auth.consume_wallet_challenge(p_network, p_address, p_nonce, p_message);
  new_id := auth.create_user(null, null, p_is_anonymous => true);
  insert into auth.accounts (user_id, wallet_pin_hash, registration_ip)
  values (new_id, case when p_pin_hash is not null then auth.checked_password_hash(p_pin_hash) end, p_ip);
  perform auth.claim_wallet(new_id, p_network, p_address, 'external');
  return new_id;
end
$$;

comment on function auth.register_wallet(text, text, text, text, text, inet) is
  'Registers an account by a wallet that has signed its challenge: anonymous, without a username until it chooses one. Returns its id. Refuses wallet.challenge_gone, wallet.taken, registration.too_many.';

revoke all on function auth.register_wallet(text, text, text, text, text, inet) from public;
grant execute on function auth.register_wallet(text, text, text, text, text, inet) to stoa_auth;

-- Object: auth/functions/replace_recovery_codes.sql
create or replace function auth.replace_recovery_codes(p_user_id uuid, p_hashes text[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if cardinality(p_hashes) not between 1 and 10 then
    perform core.fail('input.malformed');
  end if;
  delete from auth.recovery_codes where user_id = p_user_id;
  insert into auth.recovery_codes (user_id, code_hash)
  select p_user_id, auth.checked_password_hash(hash)
  from unnest(p_hashes) as hash;
end
$$;

comment on function auth.replace_recovery_codes(uuid, text[]) is
  'Keeps the hashes of at most ten new recovery codes; those before, spent or not, are gone.';

revoke all on function auth.replace_recovery_codes(uuid, text[]) from public;

-- Object: auth/functions/request_email_change.sql
create or replace function auth.request_email_change(p_user_id uuid, p_email text, p_ip inet default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  account auth.accounts;
begin
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');

  select * into account from auth.accounts where user_id = p_user_id for no key update;
  if account.email is null then
    perform core.fail('email.missing');
  end if;

  update auth.accounts
  set pending_email = address::extensions.citext
  where user_id = p_user_id;
  perform auth.queue_mail('change_email', p_user_id);
  perform auth.queue_mail('email_change_requested', p_user_id);
end
$$;

comment on function auth.request_email_change(uuid, text, inet) is
  'Notes an address that takes the place of the present one once it is proven by a mailed token; the present one is told. The answer is the same for an address that is taken. Refuses email.malformed, email.missing (complete the account instead), mail.too_many.';

revoke all on function auth.request_email_change(uuid, text, inet) from public;
grant execute on function auth.request_email_change(uuid, text, inet) to stoa_auth;

-- Object: auth/functions/request_password_reset.sql
create or replace function auth.request_password_reset(p_email text, p_ip inet default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  owner_id uuid;
begin
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');

  select account.user_id into owner_id
  from auth.accounts as account
  where account.email operator(extensions.=) address::extensions.citext;

  -- An address that nobody has gets a job as well, for an account that does not exist: the same work, no mail.
  perform auth.queue_mail('reset_password', coalesce(owner_id, core.uuidv7()));
end
$$;

comment on function auth.request_password_reset(text, inet) is
  'Mails a token for a new password, if the address belongs to an account; answers and works the same if not. Refuses email.malformed, mail.too_many.';

revoke all on function auth.request_password_reset(text, inet) from public;
grant execute on function auth.request_password_reset(text, inet) to stoa_auth;

-- Object: auth/functions/resend_verification.sql
create or replace function auth.resend_verification(p_user_id uuid, p_ip inet default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  account auth.accounts;
begin
  select * into account from auth.accounts where user_id = p_user_id;
  if account.pending_email is not null then
    perform auth.count_attempt('mail', auth.name_key(account.pending_email::text), 'mail.too_many');
    perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');
    perform auth.queue_mail('change_email', p_user_id);
    return;
  end if;
  if account.email is null then
    perform core.fail('email.missing');
  end if;
  if account.email_verified_at is not null then
    perform core.fail('email.already_verified');
  end if;
  perform auth.count_attempt('mail', auth.name_key(account.email::text), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');
  perform auth.queue_mail('verify_email', p_user_id);
end
$$;

comment on function auth.resend_verification(uuid, inet) is
  'Mails the token for the address that waits for its proof once more: a pending one first, else the one of the account. The newer token replaces the older. Refuses email.missing, email.already_verified, mail.too_many.';

revoke all on function auth.resend_verification(uuid, inet) from public;
grant execute on function auth.resend_verification(uuid, inet) to stoa_auth;

-- Object: auth/functions/reset_password.sql
create or replace function auth.reset_password(p_token_hash bytea, p_password_hash text)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  token constant auth.one_time_tokens := auth.spend_one_time_token(p_token_hash, 'reset_password');
  account auth.accounts;
begin
  perform auth.set_password(token.user_id, p_password_hash);

  update auth.accounts
  set email_verified_at = coalesce(email_verified_at, now())
  where user_id = token.user_id
    and email operator(extensions.=) (token.payload ->> 'email')::extensions.citext
  returning * into account;
  if not found then
    perform core.fail('token.spent');
  end if;

  perform auth.end_sessions(token.user_id);
  perform auth.forget_attempts('password', auth.name_key(token.user_id::text));
  perform auth.forget_attempts('sign_in_name', auth.name_key(account.email::text));
  perform auth.forget_attempts('sign_in_name', auth.name_key(person.username::text))
  from core.users as person
  where person.id = token.user_id
    and person.username is not null;
  return token.user_id;
end
$$;

comment on function auth.reset_password(bytea, text) is
  'Sets a new password by a mailed token, which also proves the address; signs out everywhere and lifts the waits that wrong passwords brought. The second factor stays. Returns whose. Refuses token.spent, password.not_hashed.';

revoke all on function auth.reset_password(bytea, text) from public;
grant execute on function auth.reset_password(bytea, text) to stoa_auth;

-- Object: auth/functions/revoke_all_sessions.sql
create or replace function auth.revoke_all_sessions(p_except_current boolean default true)
returns integer
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  return auth.end_sessions(
    core.require_member(),
    case when coalesce(p_except_current, true) then auth.current_session_id() end
  );
end
$$;

comment on function auth.revoke_all_sessions(boolean) is
  'Signs the caller out on all devices, or on all but this one (the default). Returns how many sessions ended.';

revoke all on function auth.revoke_all_sessions(boolean) from public;
grant execute on function auth.revoke_all_sessions(boolean) to stoa_member;

-- Object: auth/functions/revoke_session.sql
create or replace function auth.revoke_session(p_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  update auth.sessions
  set revoked_at = coalesce(revoked_at, now())
  where id = p_id
    and user_id = me;
  if not found then
    perform core.fail('session.unknown');
  end if;
end
$$;

comment on function auth.revoke_session(uuid) is
  'Signs one device of the caller out. Refuses a session that is not the caller''s (session.unknown). One row by its key.';

revoke all on function auth.revoke_session(uuid) from public;
grant execute on function auth.revoke_session(uuid) to stoa_member;

-- Object: auth/functions/set_address_key.sql
create or replace function auth.set_address_key()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.address_key := auth.wallet_address_key(new.network, new.address);
  return new;
end
$$;

comment on function auth.set_address_key() is 'Trigger: address_key is always the comparable form of address.';

revoke all on function auth.set_address_key() from public;

-- Object: auth/functions/set_password.sql
create or replace function auth.set_password(p_user_id uuid, p_password_hash text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.accounts
  set
    password_hash = auth.checked_password_hash(p_password_hash),
    password_changed_at = now(),
    failed_login_count = 0,
    locked_until = null
  where user_id = p_user_id;

  delete from auth.one_time_tokens
  where user_id = p_user_id
    and purpose in ('reset_password', 'unlock')
    and used_at is null;
  perform auth.queue_mail('password_changed', p_user_id);
end
$$;

comment on function auth.set_password(uuid, text) is
  'Stores the hash of a new password, lifts the lock, voids tokens for another one and tells the owner by mail. Sessions are the caller''s business. Refuses password.not_hashed.';

revoke all on function auth.set_password(uuid, text) from public;

-- Object: auth/functions/set_primary_wallet.sql
create or replace function auth.set_primary_wallet(p_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  wallet auth.wallets;
begin
  perform from core.users where id = me for no key update;
  select * into wallet from auth.wallets where id = p_id and user_id = me;
  if not found then
    perform core.fail('wallet.unknown');
  end if;
  if wallet.verified_at is null then
    perform core.fail('wallet.not_verified');
  end if;

  update auth.wallets set is_primary = false where user_id = me and is_primary and id <> p_id;
  update auth.wallets set is_primary = true where id = p_id and not is_primary;
end
$$;

comment on function auth.set_primary_wallet(uuid) is
  'Makes one of the caller''s proven wallets the address of the account. Refuses wallet.unknown, wallet.not_verified.';

revoke all on function auth.set_primary_wallet(uuid) from public;
grant execute on function auth.set_primary_wallet(uuid) to stoa_member;

-- Object: auth/functions/set_wallet_pin.sql
create or replace function auth.set_wallet_pin(p_user_id uuid, p_pin_hash text)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  insert into auth.accounts (user_id, wallet_pin_hash)
  values (p_user_id, case when p_pin_hash is not null then auth.checked_password_hash(p_pin_hash) end)
  on conflict (user_id) do update
  set wallet_pin_hash = excluded.wallet_pin_hash;
  perform auth.forget_attempts('wallet_pin', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.set_wallet_pin(uuid, text) is
  'Sets the PIN that wallet sign-in asks for, or takes it away (null). Refuses password.not_hashed.';

revoke all on function auth.set_wallet_pin(uuid, text) from public;
grant execute on function auth.set_wallet_pin(uuid, text) to stoa_auth;

-- Object: auth/functions/sign_in_lookup.sql
create or replace function auth.sign_in_lookup(p_name text, p_ip inet default null)
returns table (user_id uuid, password_hash text)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  name constant text := btrim(p_name);
begin
  if name is null or name = '' or length(name) > 255 then
    perform core.fail('sign_in.failed');
  end if;
  perform auth.count_attempt('sign_in_name', auth.name_key(name), 'sign_in.too_many');
  perform auth.count_attempt('sign_in_address', auth.network_key(p_ip), 'sign_in.too_many');

  if position('@' in name) > 0 then
    return query
      select account.user_id, account.password_hash
      from auth.accounts as account
      where account.email operator(extensions.=) name::extensions.citext;
  else
    return query
      select account.user_id, account.password_hash
      from core.users as person
      join auth.accounts as account on account.user_id = person.id
      where person.username operator(extensions.=) name::extensions.citext;
  end if;
end
$$;

comment on function auth.sign_in_lookup(text, inet) is
  'First half of a sign-in: counts the attempt as failed before the password is looked at, and gives the hash to compare with; no row for a name that nobody has, for which the gateway compares with a hash of its own. The limit holds for names that exist and for those that do not. Refuses sign_in.too_many. One index look-up.';

revoke all on function auth.sign_in_lookup(text, inet) from public;
grant execute on function auth.sign_in_lookup(text, inet) to stoa_auth;

-- Object: auth/functions/sign_in_result.sql
create or replace function auth.sign_in_result(p_name text, p_user_id uuid, p_ok boolean, p_ip inet default null)
returns table (reason text, retry_after integer, needs_second_factor boolean)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  account auth.accounts;
begin
  if p_user_id is null or not p_ok then
    -- One update of one row by its key in either case, so that a name that nobody has takes the same time.
    if p_user_id is null then
      update auth.throttles
      set updated_at = now()
      where scope = 'sign_in_name'
        and key_hash = auth.name_key(p_name);
    else
      update auth.accounts
      set
        failed_login_count = least(failed_login_count + 1, 32000),
        locked_until = case
          when (failed_login_count + 1) % 10 = 0
            then now() + least(interval '15 minutes' * power(2, least((failed_login_count + 1) / 10 - 1, 20)), interval '1 day')
          else locked_until
        end
      where user_id = p_user_id;
    end if;

    return query select 'sign_in.failed'::text, null::integer, false;
    return;
  end if;

  select * into strict account from auth.accounts where user_id = p_user_id for no key update;
  if account.locked_until > now() then
    return query
      select 'account.locked'::text, ceil(extract(epoch from account.locked_until - now()))::integer, false;
    return;
  end if;

  perform auth.forget_attempts('sign_in_name', auth.name_key(p_name));
  perform auth.uncount_attempt('sign_in_address', auth.network_key(p_ip));
  update auth.accounts
  set
    failed_login_count = 0,
    locked_until = null
  where user_id = p_user_id
    and failed_login_count > 0;

  return query
    select
      state.reason,
      state.retry_after,
      exists (
        select from auth.two_factor as factor where factor.user_id = p_user_id and factor.confirmed_at is not null
      )
    from auth.account_state(p_user_id) as state;
end
$$;

comment on function auth.sign_in_result(text, uuid, boolean, inet) is
  'Second half of a sign-in: tells the outcome of the comparison and gets what to answer. A failure counts on the account too: ten in a row lock it for 15 minutes, ten more for twice as long, up to a day. Whether it is locked, disabled or banned is told only to whoever has the right password. Raises nothing, so that the count is kept; the gateway raises the reason.';

revoke all on function auth.sign_in_result(text, uuid, boolean, inet) from public;
grant execute on function auth.sign_in_result(text, uuid, boolean, inet) to stoa_auth;

-- Object: auth/functions/sign_in_wallet.sql
create or replace function auth.sign_in_wallet(p_network text, p_address text, p_nonce text, p_message text)
returns table (user_id uuid, needs_second_factor boolean)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  refusal text;
  wait integer;
begin
  perform auth.consume_wallet_challenge(p_network, p_address, p_nonce, p_message);
  select owner.user_id into user_id from auth.wallet_lookup(p_network, p_address) as owner;
  if not found then
    perform core.fail('wallet.unknown');
  end if;
  select state.reason, state.retry_after into refusal, wait from auth.account_state(user_id) as state;
  if refusal is not null then
    perform core.fail(refusal, wait);
  end if;

  perform auth.forget_attempts('wallet_pin', auth.name_key(user_id::text));
  needs_second_factor := exists (
    select from auth.two_factor as factor where factor.user_id = sign_in_wallet.user_id and factor.confirmed_at is not null
  );
  return next;
end
$$;

comment on function auth.sign_in_wallet(text, text, text, text) is
  'Accepts a wallet that has signed its challenge, and its PIN where there is one, as first factor of its owner. Refuses wallet.challenge_gone, wallet.unknown, account.disabled, account.banned.';

revoke all on function auth.sign_in_wallet(text, text, text, text) from public;
grant execute on function auth.sign_in_wallet(text, text, text, text) to stoa_auth;

-- Object: auth/functions/sign_out.sql
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

-- Object: auth/functions/spend_one_time_token.sql
create or replace function auth.spend_one_time_token(p_token_hash bytea, p_purpose text)
returns auth.one_time_tokens
language plpgsql
volatile
set search_path = ''
as $$
declare
  token auth.one_time_tokens;
begin
  update auth.one_time_tokens
  set used_at = now()
  where token_hash = p_token_hash
    and purpose = p_purpose
    and used_at is null
    and expires_at > now()
  returning * into token;
  if not found then
    perform core.fail('token.spent');
  end if;
  return token;
end
$$;

comment on function auth.spend_one_time_token(bytea, text) is
  'Spends a mailed token in one update, so that of several who come at once one succeeds. Refuses an unknown, used, replaced or expired one (token.spent).';

revoke all on function auth.spend_one_time_token(bytea, text) from public;

-- Object: auth/functions/spend_recovery_code.sql
create or replace function auth.spend_recovery_code(p_user_id uuid, p_code_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.recovery_codes
  set used_at = now()
  where id = p_code_id
    and user_id = p_user_id
    and used_at is null;
  if not found then
    perform core.fail('recovery_code.used');
  end if;
  perform auth.forget_attempts('second_factor', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.spend_recovery_code(uuid, uuid) is
  'Spends a recovery code in one update: of several who come at once one succeeds. Refuses recovery_code.used.';

revoke all on function auth.spend_recovery_code(uuid, uuid) from public;

-- Object: auth/functions/two_factor_of.sql
create or replace function auth.two_factor_of(p_user_id uuid, p_count_attempt boolean)
returns table (secret_ciphertext bytea, key_id text, is_confirmed boolean)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
begin
  if p_count_attempt then
    perform auth.count_attempt('second_factor', auth.name_key(p_user_id::text), 'second_factor.too_many');
  end if;
  return query
    select factor.secret_ciphertext, factor.key_id::text, factor.confirmed_at is not null
    from auth.two_factor as factor
    where factor.user_id = p_user_id;
end
$$;

comment on function auth.two_factor_of(uuid, boolean) is
  'The encrypted secret to compare a code with; no row where none was begun. Counts the attempt as failed before it is made, unless auth.pending_sign_in has. Refuses second_factor.too_many.';

revoke all on function auth.two_factor_of(uuid, boolean) from public;
grant execute on function auth.two_factor_of(uuid, boolean) to stoa_auth;

-- Object: auth/functions/uncount_attempt.sql
create or replace function auth.uncount_attempt(p_scope text, p_key bytea)
returns void
language sql
volatile
begin atomic
  update auth.throttles as throttle
  set
    attempts = greatest(throttle.attempts - 1, 0),
    blocks = case when throttle.attempts = rule.attempts then throttle.blocks - 1 else throttle.blocks end,
    blocked_until = case when throttle.attempts = rule.attempts then null else throttle.blocked_until end
  from auth.throttle_rules as rule
  where rule.scope = throttle.scope
    and throttle.scope = p_scope
    and throttle.key_hash = p_key
    and throttle.attempts > 0;
end;

comment on function auth.uncount_attempt(text, bytea) is
  'A success that must not wipe the slate: takes back the one attempt that was counted for it. So somebody who may sign in cannot reset the count of their network address.';

revoke all on function auth.uncount_attempt(text, bytea) from public;

-- Object: auth/functions/unlink_wallet.sql
create or replace function auth.unlink_wallet(p_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  was_primary boolean;
begin
  perform from core.users where id = me for no key update;
  delete from auth.wallets
  where id = p_id
    and user_id = me
  returning is_primary into was_primary;
  if not found then
    perform core.fail('wallet.unknown');
  end if;

  if not exists (select from auth.accounts where user_id = me and password_hash is not null)
    and not exists (select from auth.wallets where user_id = me and verified_at is not null)
  then
    perform core.fail('wallet.last_method');
  end if;

  if was_primary then
    update auth.wallets
    set is_primary = true
    where id = (
      select id from auth.wallets where user_id = me and verified_at is not null order by id limit 1
    );
  end if;
end
$$;

comment on function auth.unlink_wallet(uuid) is
  'Removes one of the caller''s wallets; the oldest proven one left becomes primary in its place. Refuses wallet.unknown, and the last way to sign in (wallet.last_method).';

revoke all on function auth.unlink_wallet(uuid) from public;
grant execute on function auth.unlink_wallet(uuid) to stoa_member;

-- Object: auth/functions/upgrade_password_hash.sql
create or replace function auth.upgrade_password_hash(p_user_id uuid, p_old_hash text, p_new_hash text)
returns boolean
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  update auth.accounts
  set password_hash = auth.checked_password_hash(p_new_hash)
  where user_id = p_user_id
    and password_hash = p_old_hash;
  return found;
end
$$;

comment on function auth.upgrade_password_hash(uuid, text, text) is
  'Replaces the hash of the same password by one of today''s parameters, unless the password was changed meanwhile (false). Sessions stay. Refuses password.not_hashed.';

revoke all on function auth.upgrade_password_hash(uuid, text, text) from public;
grant execute on function auth.upgrade_password_hash(uuid, text, text) to stoa_auth;

-- Object: auth/functions/use_recovery_code.sql
create or replace function auth.use_recovery_code(p_pending_token_hash bytea, p_code_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  pending_user uuid;
begin
  update auth.pending_sign_ins
  set passed_at = now()
  where token_hash = p_pending_token_hash
    and consumed_at is null
    and expires_at > now()
  returning user_id into pending_user;
  if not found then
    perform core.fail('second_factor.expired');
  end if;
  perform auth.spend_recovery_code(pending_user, p_code_id);
end
$$;

comment on function auth.use_recovery_code(bytea, uuid) is
  'Marks a pending sign-in as passed by a recovery code that was right, and spends the code. Refuses second_factor.expired, recovery_code.used.';

revoke all on function auth.use_recovery_code(bytea, uuid) from public;
grant execute on function auth.use_recovery_code(bytea, uuid) to stoa_auth;

-- Object: auth/functions/use_totp.sql
create or replace function auth.use_totp(p_pending_token_hash bytea, p_step bigint)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  pending_user uuid;
begin
  update auth.pending_sign_ins
  set passed_at = now()
  where token_hash = p_pending_token_hash
    and consumed_at is null
    and expires_at > now()
  returning user_id into pending_user;
  if not found then
    perform core.fail('second_factor.expired');
  end if;
  perform auth.accept_step(pending_user, p_step);
end
$$;

comment on function auth.use_totp(bytea, bigint) is
  'Marks a pending sign-in as passed by a code that was right, and spends the step of that code. Refuses second_factor.expired, second_factor.replayed.';

revoke all on function auth.use_totp(bytea, bigint) from public;
grant execute on function auth.use_totp(bytea, bigint) to stoa_auth;

-- Object: auth/functions/verify_email.sql
create or replace function auth.verify_email(p_token_hash bytea)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  token constant auth.one_time_tokens := auth.spend_one_time_token(p_token_hash, 'verify_email');
begin
  update auth.accounts
  set email_verified_at = coalesce(email_verified_at, now())
  where user_id = token.user_id
    and email operator(extensions.=) (token.payload ->> 'email')::extensions.citext;
  if not found then
    perform core.fail('token.spent');
  end if;
  return token.user_id;
end
$$;

comment on function auth.verify_email(bytea) is
  'Takes a mailed token as proof of the address that it was mailed to. Returns whose. Refuses a token that is spent, or whose address was changed since (token.spent).';

revoke all on function auth.verify_email(bytea) from public;
grant execute on function auth.verify_email(bytea) to stoa_auth;

-- Object: auth/functions/wallet_address_key.sql
create or replace function auth.wallet_address_key(p_network text, p_address text)
returns text
language sql
immutable
strict
parallel safe
begin atomic
  select case
    when p_network in ('ethereum', 'polygon', 'bsc', 'arbitrum', 'optimism', 'base') then lower(p_address)
    else p_address
  end;
end;

comment on function auth.wallet_address_key(text, text) is
  'The form in which addresses are compared: capitals of an EVM address are a checksum and mean nothing; elsewhere they do.';

revoke all on function auth.wallet_address_key(text, text) from public;

-- Object: auth/functions/wallet_challenge.sql
create or replace function auth.wallet_challenge(
  p_network text,
  p_address text,
  p_nonce text,
  p_message text,
  p_ip inet default null
)
returns timestamptz
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  wanted_key constant text := auth.wallet_address_key(p_network, p_address);
  expires timestamptz;
begin
  perform auth.count_attempt('wallet_challenge', auth.name_key(p_network || ':' || wanted_key), 'wallet.too_many');
  perform auth.count_attempt('wallet_challenge_address', auth.network_key(p_ip), 'wallet.too_many');
  insert into auth.wallet_challenges (nonce, network, address_key, message)
  values (p_nonce, p_network, wanted_key, p_message)
  returning expires_at into expires;
  return expires;
end
$$;

comment on function auth.wallet_challenge(text, text, text, text, inet) is
  'Remembers the message that a wallet is asked to sign, for five minutes; ten an hour and address. Returns the end of its validity. Refuses wallet.too_many.';

revoke all on function auth.wallet_challenge(text, text, text, text, inet) from public;
grant execute on function auth.wallet_challenge(text, text, text, text, inet) to stoa_auth;

-- Object: auth/functions/wallet_lookup.sql
create or replace function auth.wallet_lookup(p_network text, p_address text)
returns table (user_id uuid, pin_hash text)
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
begin atomic
  select wallet.user_id, account.wallet_pin_hash
  from auth.wallets as wallet
  left join auth.accounts as account on account.user_id = wallet.user_id
  where wallet.network = p_network
    and wallet.address_key = auth.wallet_address_key(p_network, p_address)
    and wallet.verified_at is not null;
end;

comment on function auth.wallet_lookup(text, text) is
  'Whose wallet it is, and the hash of the PIN that is asked for after it, for a gateway that has checked the signature; no row for a wallet that nobody has proven. One index look-up.';

revoke all on function auth.wallet_lookup(text, text) from public;
grant execute on function auth.wallet_lookup(text, text) to stoa_auth;

-- Object: auth/functions/wallet_pin_of.sql
create or replace function auth.wallet_pin_of(p_user_id uuid)
returns text
language sql
stable
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select account.wallet_pin_hash
  from auth.accounts as account
  where account.user_id = p_user_id;
end;

comment on function auth.wallet_pin_of(uuid) is
  'The hash of the PIN that somebody who is signed in must show to change it; null without a PIN. auth.count_pin_attempt comes first.';

revoke all on function auth.wallet_pin_of(uuid) from public;
grant execute on function auth.wallet_pin_of(uuid) to stoa_auth;

-- Object: auth/triggers/accounts.touch.sql
create or replace trigger touch
before update on auth.accounts
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.accounts is 'Keeps updated_at.';

-- Object: auth/triggers/sessions.touch.sql
create or replace trigger touch
before update on auth.sessions
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.sessions is 'Keeps updated_at.';

-- Object: auth/triggers/throttles.touch.sql
create or replace trigger touch
before update on auth.throttles
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.throttles is 'Keeps updated_at.';

-- Object: auth/triggers/two_factor.touch.sql
create or replace trigger touch
before update on auth.two_factor
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.two_factor is 'Keeps updated_at.';

-- Object: auth/triggers/wallets.set_address_key.sql
create or replace trigger set_address_key
before insert or update of network, address, address_key on auth.wallets
for each row
execute function auth.set_address_key();

comment on trigger set_address_key on auth.wallets is 'Keeps address_key, whatever was sent for it.';

-- Object: auth/triggers/wallets.touch.sql
create or replace trigger touch
before update on auth.wallets
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.wallets is 'Keeps updated_at.';

-- End of objects

-- Down Migration

drop trigger touch on auth.wallets;
drop trigger set_address_key on auth.wallets;
drop trigger touch on auth.two_factor;
drop trigger touch on auth.throttles;
drop trigger touch on auth.sessions;
drop trigger touch on auth.accounts;
drop function auth.wallet_pin_of(uuid);
drop function auth.wallet_lookup(text, text);
drop function auth.wallet_challenge(text, text, text, text, inet);
drop function auth.wallet_address_key(text, text);
drop function auth.verify_email(bytea);
drop function auth.use_totp(bytea, bigint);
drop function auth.use_recovery_code(bytea, uuid);
drop function auth.upgrade_password_hash(uuid, text, text);
drop function auth.unlink_wallet(uuid);
drop function auth.uncount_attempt(text, bytea);
drop function auth.two_factor_of(uuid, boolean);
drop function auth.spend_recovery_code(uuid, uuid);
drop function auth.spend_one_time_token(bytea, text);
drop function auth.sign_out(uuid);
drop function auth.sign_in_wallet(text, text, text, text);
drop function auth.sign_in_result(text, uuid, boolean, inet);
drop function auth.sign_in_lookup(text, inet);
drop function auth.set_wallet_pin(uuid, text);
drop function auth.set_primary_wallet(uuid);
drop function auth.set_password(uuid, text);
drop function auth.set_address_key();
drop function auth.revoke_session(uuid);
drop function auth.revoke_all_sessions(boolean);
drop function auth.reset_password(bytea, text);
drop function auth.resend_verification(uuid, inet);
drop function auth.request_password_reset(text, inet);
drop function auth.request_email_change(uuid, text, inet);
drop function auth.replace_recovery_codes(uuid, text[]);
drop function auth.register_wallet(text, text, text, text, text, inet);
drop function auth.register_anonymous(text, inet);
drop function auth.register(text, text, text, text, inet);
drop function auth.regenerate_recovery_codes(uuid, bigint, text[]);
drop function auth.refuse(text, integer);
drop function auth.refresh_session(bytea, bytea, bytea, inet, text);
drop function auth.recovery_codes_of(uuid, boolean);
drop function auth.queue_mail(text, uuid);
drop function auth.prepare_mail(text, uuid, bytea);
drop function auth.pending_sign_in(bytea);
drop function auth.password_of(uuid);
drop function auth.password_confirmed(uuid);
drop function auth.network_key(inet);
drop function auth.my_wallets();
drop function auth.my_sessions();
drop function auth.my_account();
drop function auth.link_wallet(uuid, text, text, text, text, text);
drop function auth.issue_password_link(text, bytea);
drop function auth.issue_one_time_token(uuid, text, bytea, interval, jsonb);
drop function auth.forget_attempts(text, bytea);
drop function auth.end_sessions(uuid, uuid);
drop function auth.disable_two_factor(uuid, bigint, uuid);
drop function auth.current_session_id();
drop function auth.create_user(text, text, boolean);
drop function auth.create_session(uuid, bytea, bytea, jsonb, text, inet, text, bytea);
drop function auth.create_administrator(text, text, bytea);
drop function auth.count_pin_attempt(uuid);
drop function auth.name_key(text);
drop function auth.count_attempt(text, bytea, text);
drop function auth.consume_wallet_challenge(text, text, text, text);
drop function auth.confirm_two_factor(uuid, bigint, text[]);
drop function auth.complete_account(uuid, text, text, text, text, inet);
drop function auth.claim_wallet(uuid, text, text, text);
drop function auth.checked_password_hash(text);
drop function auth.checked_email(text);
drop function auth.change_password(uuid, uuid, text, bytea, bytea);
drop function auth.change_email(bytea);
drop function auth.begin_two_factor(uuid, bytea, text);
drop function auth.begin_pending_sign_in(uuid, bytea);
drop function auth.authenticate(bytea);
drop function auth.admin_account(uuid);
drop function auth.account_state(uuid);
drop function auth.account_of(uuid);
drop function auth.accept_step(uuid, bigint);
