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
