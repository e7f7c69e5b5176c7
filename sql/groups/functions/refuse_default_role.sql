create or replace function groups.refuse_default_role()
returns trigger
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (select from groups.roles as role where role.id = new.role_id and role.is_default) then
    perform core.fail('group_role.not_assignable');
  end if;
  return new;
end
$$;

comment on function groups.refuse_default_role() is
  'Trigger. The default role is held without being assigned; assigning it is refused (group_role.not_assignable).';

revoke all on function groups.refuse_default_role() from public;
