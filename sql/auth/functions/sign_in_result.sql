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
