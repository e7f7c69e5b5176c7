create or replace function auth.checked_email(p_email text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  email constant text := btrim(p_email);
begin
  if email is null or email !~ '^[^@[:space:]]+@[^@[:space:]]+$' or length(email) > 255 then
    perform core.fail('email.malformed');
  end if;
  return email;
end
$$;

comment on function auth.checked_email(text) is
  'The address without blanks around it. Refuses what cannot be one (email.malformed).';

revoke all on function auth.checked_email(text) from public;
