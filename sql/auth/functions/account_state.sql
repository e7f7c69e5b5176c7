create or replace function auth.account_state(p_user_id uuid)
returns table (reason text, retry_after integer)
language sql
stable
set search_path = ''
rows 1
begin atomic
  select
    case
      when not person.is_active or person.erased_at is not null then 'account.disabled'
      when person.banned_until > now() then 'account.banned'
    end,
    case
      when person.is_active and person.banned_until > now() and isfinite(person.banned_until)
        then least(ceil(extract(epoch from person.banned_until - now())), 2147483647)::integer
    end
  from core.users as person
  where person.id = p_user_id;
end;

comment on function auth.account_state(uuid) is
  'Why an account may not sign in, with the seconds until that ends; a null reason when it may. A closed account may, so that its owner can open it again.';

revoke all on function auth.account_state(uuid) from public;
