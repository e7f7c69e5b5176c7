create or replace function forums.is_premium(p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.premium_tier > 0
      and person.premium_until > now()
  );
end
$$;

comment on function forums.is_premium(uuid) is 'Internal. Whether the paid period of an account is running.';

revoke all on function forums.is_premium(uuid) from public;
