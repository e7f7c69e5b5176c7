create or replace function auth.password_confirmed(p_user_id uuid)
returns void
language sql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
begin atomic
  select auth.forget_attempts('password', auth.name_key(p_user_id::text));
end;

comment on function auth.password_confirmed(uuid) is
  'The password that auth.password_of was asked for was right: forgets the attempts.';

revoke all on function auth.password_confirmed(uuid) from public;
grant execute on function auth.password_confirmed(uuid) to stoa_auth;
