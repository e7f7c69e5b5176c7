create or replace function groups.managed_role(p_role_id uuid)
returns groups.roles
language plpgsql
volatile
set search_path = ''
as $$
declare
  role groups.roles;
begin
  select * into role from groups.roles as target where target.id = p_role_id;
  if not found then
    perform core.fail('group_role.unknown');
  end if;
  perform groups.locked_group(role.group_id);
  perform groups.require_permission(role.group_id, 'MANAGE_ROLES');
  -- Read again: whoever held the lock before may have moved or deleted it.
  select * into role from groups.roles as target where target.id = p_role_id;
  if not found then
    perform core.fail('group_role.unknown');
  end if;
  if groups.highest_position(role.group_id, core.current_user_id()) <= role.position then
    perform core.fail('group.hierarchy');
  end if;
  return role;
end
$$;

comment on function groups.managed_role(uuid) is
  'Internal. A role below the caller''s highest, in a group in which the caller holds MANAGE_ROLES; the group is locked. Refuses group_role.unknown, group.not_allowed and group.hierarchy.';

revoke all on function groups.managed_role(uuid) from public;
