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
