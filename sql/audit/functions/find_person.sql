create or replace function audit.find_person(p_name text)
returns table (user_id uuid, username text, erased_at timestamptz)
language sql
stable
-- Addresses are granted to nobody.
security definer
set search_path = ''
rows 1
begin atomic
  select person.id, person.username::text, person.erased_at
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where person.id::text = lower(p_name)
    or person.username operator(extensions.=) p_name::extensions.citext
    or account.email operator(extensions.=) p_name::extensions.citext
    or person.id = (select request.user_id from audit.privacy_requests as request where request.id::text = lower(p_name));
end;

comment on function audit.find_person(text) is
  'Worker, for an operator: the account with this id, username, e-mail address, or request.';

revoke all on function audit.find_person(text) from public;
grant execute on function audit.find_person(text) to stoa_worker;
