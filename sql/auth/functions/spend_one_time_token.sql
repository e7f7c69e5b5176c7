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
