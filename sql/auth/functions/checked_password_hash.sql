create or replace function auth.checked_password_hash(p_hash text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_hash is null or p_hash !~ '^\$argon2id\$v=19\$[mtp]=[0-9]+,[mtp]=[0-9]+,[mtp]=[0-9]+\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43,}$' then
    perform core.fail('password.not_hashed');
  end if;
  return p_hash;
end
$$;

comment on function auth.checked_password_hash(text) is
  'The PHC string. Refuses anything else (password.not_hashed), so a plain password can never be stored by mistake.';

revoke all on function auth.checked_password_hash(text) from public;
