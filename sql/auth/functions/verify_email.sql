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
