-- Why: who is banned gets a token with the refusal of the sign-in, and can appeal with it.
-- New: auth.appealing_user, auth.issue_appeal_token.
-- Changed: auth.sign_in_result, auth.sign_in_wallet.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: auth/functions/appealing_user.sql
create or replace function auth.appealing_user(p_token text, p_spend boolean)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  digest constant bytea := sha256(convert_to(p_token, 'UTF8'));
  owner uuid;
begin
  if p_spend then
    return (auth.spend_one_time_token(digest, 'appeal')).user_id;
  end if;
  select token.user_id into owner
  from auth.one_time_tokens as token
  where token.token_hash = digest
    and token.purpose = 'appeal'
    and token.used_at is null
    and token.expires_at > now();
  if not found then
    perform core.fail('token.spent');
  end if;
  return owner;
end
$$;

comment on function auth.appealing_user(text, boolean) is
  'Internal. Whose appeal token this is; spends it if asked to. Refuses an unknown, used, replaced or expired one (token.spent). One look-up by key.';

revoke all on function auth.appealing_user(text, boolean) from public;

-- Object: auth/functions/issue_appeal_token.sql
create or replace function auth.issue_appeal_token(
  p_user_id uuid,
  p_token_hash bytea,
  p_pending_token_hash bytea default null
)
returns timestamptz
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from auth.account_state(p_user_id) as state where state.reason = 'account.banned'
  ) then
    return null;
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
      and pending.expires_at > now();
    if not found then
      perform core.fail('second_factor.required');
    end if;
  end if;

  return auth.issue_one_time_token(p_user_id, 'appeal', p_token_hash, interval '1 hour');
end
$$;

comment on function auth.issue_appeal_token(uuid, bytea, bytea) is
  'For the sign-in service, after every factor was right and the account turned out to be banned: a token with which its owner answers to the ban, for an hour; it replaces an earlier one. No session: the token stands for this and for nothing else. Returns the end of its validity, null for an account that is not banned. Refuses second_factor.required.';

revoke all on function auth.issue_appeal_token(uuid, bytea, bytea) from public;
grant execute on function auth.issue_appeal_token(uuid, bytea, bytea) to stoa_auth;

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
  'Second half of a sign-in: tells the outcome of the comparison and gets what to answer. A failure counts on the account too: ten in a row lock it for 15 minutes, ten more for twice as long, up to a day. Whether it is locked, disabled or banned is told only to whoever has the right password; of a ban the gateway tells after the second factor, where one is on. Raises nothing, so that the count is kept; the gateway raises the reason.';

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
  -- A ban is told when every factor was right, together with the way to appeal: auth.create_session refuses it.
  if refusal <> 'account.banned' then
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
  'Accepts a wallet that has signed its challenge, and its PIN where there is one, as first factor of its owner. Refuses wallet.challenge_gone, wallet.unknown, account.disabled; a banned account is refused by auth.create_session.';

revoke all on function auth.sign_in_wallet(text, text, text, text) from public;
grant execute on function auth.sign_in_wallet(text, text, text, text) to stoa_auth;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function auth.issue_appeal_token(uuid, bytea, bytea);
drop function auth.appealing_user(text, boolean);

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

-- End of objects
