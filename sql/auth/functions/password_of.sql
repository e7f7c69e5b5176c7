create or replace function auth.password_of(p_user_id uuid)
returns text
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  perform auth.count_attempt('password', auth.name_key(p_user_id::text), 'password.too_many');
  return (select password_hash from auth.accounts where user_id = p_user_id);
end
$$;

comment on function auth.password_of(uuid) is
  'The hash to compare with when somebody who is signed in must show the password again; null without a password. Counts the attempt as failed before it is made. Refuses password.too_many.';

revoke all on function auth.password_of(uuid) from public;
grant execute on function auth.password_of(uuid) to stoa_auth;
