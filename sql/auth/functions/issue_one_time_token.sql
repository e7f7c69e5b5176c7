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
