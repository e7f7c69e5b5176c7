create or replace function groups.unassign_role(p_group_id uuid, p_user_id uuid, p_role_id uuid)
returns groups.group_member_roles
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
  gone groups.group_member_roles;
begin
  role := groups.assignable_role(p_group_id, p_user_id, p_role_id);
  delete from groups.group_member_roles as assigned
  where assigned.group_id = p_group_id and assigned.user_id = p_user_id and assigned.role_id = p_role_id
  returning * into gone;
  if not found then
    perform core.fail('group_role.not_held');
  end if;
  perform audit.record(
    'unassign_group_role', 'groups.group_member_roles', p_user_id, jsonb_build_object('role_id', p_role_id, 'name', role.name), null,
    null, p_group_id, jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id, 'role_id', p_role_id)
  );
  return gone;
end
$$;

comment on function groups.unassign_role(uuid, uuid, uuid) is
  E'@name unassign_group_role\nTakes a role from a member. Needs what assigning it needs. Refuses also a role that the member does not hold (group_role.not_held). Audited.';

revoke all on function groups.unassign_role(uuid, uuid, uuid) from public;
grant execute on function groups.unassign_role(uuid, uuid, uuid) to stoa_member;
