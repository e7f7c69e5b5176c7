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
