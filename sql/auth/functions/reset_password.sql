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
