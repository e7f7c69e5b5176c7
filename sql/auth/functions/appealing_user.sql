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
