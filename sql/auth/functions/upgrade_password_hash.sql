create or replace function auth.upgrade_password_hash(p_user_id uuid, p_old_hash text, p_new_hash text)
returns boolean
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  update auth.accounts
  set password_hash = auth.checked_password_hash(p_new_hash)
  where user_id = p_user_id
    and password_hash = p_old_hash;
  return found;
end
$$;

comment on function auth.upgrade_password_hash(uuid, text, text) is
  'Replaces the hash of the same password by one of today''s parameters, unless the password was changed meanwhile (false). Sessions stay. Refuses password.not_hashed.';

revoke all on function auth.upgrade_password_hash(uuid, text, text) from public;
grant execute on function auth.upgrade_password_hash(uuid, text, text) to stoa_auth;
