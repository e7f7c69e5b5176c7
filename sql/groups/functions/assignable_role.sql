create or replace function groups.assignable_role(p_group_id uuid, p_user_id uuid, p_role_id uuid)
returns groups.roles
language plpgsql
volatile
set search_path = ''
as $$
declare
  role groups.roles;
begin
  perform groups.locked_group(p_group_id);
  if not exists (select from groups.roles as known where known.id = p_role_id and known.group_id = p_group_id) then
    perform core.fail('group_role.unknown');
  end if;
  role := groups.managed_role(p_role_id);
  if role.is_default or role.managed then
    perform core.fail('group_role.not_assignable');
  end if;
  perform groups.require_membership(p_group_id, p_user_id);
  if p_user_id <> core.current_user_id() then
    perform groups.require_above(p_group_id, p_user_id);
  end if;
  perform groups.check_role_bits(0, role.permissions, groups.my_permissions(p_group_id));
  return role;
end
$$;

comment on function groups.assignable_role(uuid, uuid, uuid) is
  'Internal. A role that the caller may give to or take from a member: below the caller''s highest, with permissions that the caller holds; and a member who ranks below, or the caller. The group is locked. Refuses group_role.unknown, group.not_allowed, group.hierarchy, group_role.bits_not_held, group_role.not_assignable and group_member.unknown.';

revoke all on function groups.assignable_role(uuid, uuid, uuid) from public;
