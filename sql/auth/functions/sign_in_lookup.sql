create or replace function auth.sign_in_lookup(p_name text, p_ip inet default null)
returns table (user_id uuid, password_hash text)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  name constant text := btrim(p_name);
begin
  if name is null or name = '' or length(name) > 255 then
    perform core.fail('sign_in.failed');
  end if;
  perform auth.count_attempt('sign_in_name', auth.name_key(name), 'sign_in.too_many');
  perform auth.count_attempt('sign_in_address', auth.network_key(p_ip), 'sign_in.too_many');

  if position('@' in name) > 0 then
    return query
      select account.user_id, account.password_hash
      from auth.accounts as account
      where account.email operator(extensions.=) name::extensions.citext;
  else
    return query
      select account.user_id, account.password_hash
      from core.users as person
      join auth.accounts as account on account.user_id = person.id
      where person.username operator(extensions.=) name::extensions.citext;
  end if;
end
$$;

comment on function auth.sign_in_lookup(text, inet) is
  'First half of a sign-in: counts the attempt as failed before the password is looked at, and gives the hash to compare with; no row for a name that nobody has, for which the gateway compares with a hash of its own. The limit holds for names that exist and for those that do not. Refuses sign_in.too_many. One index look-up.';

revoke all on function auth.sign_in_lookup(text, inet) from public;
grant execute on function auth.sign_in_lookup(text, inet) to stoa_auth;
