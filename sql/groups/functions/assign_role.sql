create or replace function groups.assign_role(p_group_id uuid, p_user_id uuid, p_role_id uuid)
returns groups.group_member_roles
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
  assigned groups.group_member_roles;
begin
  role := groups.assignable_role(p_group_id, p_user_id, p_role_id);
  insert into groups.group_member_roles (group_id, user_id, role_id, assigned_by)
  values (p_group_id, p_user_id, p_role_id, me)
  on conflict do nothing
  returning * into assigned;
  if not found then
    select * into assigned
    from groups.group_member_roles as known
    where known.group_id = p_group_id and known.user_id = p_user_id and known.role_id = p_role_id;
    return assigned;
  end if;
  perform audit.record(
    'assign_group_role', 'groups.group_member_roles', p_user_id, null, jsonb_build_object('role_id', p_role_id, 'name', role.name),
    null, p_group_id, jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id, 'role_id', p_role_id)
  );
  return assigned;
end
$$;

comment on function groups.assign_role(uuid, uuid, uuid) is
  E'@name assign_group_role\nGives a role to a member; twice changes nothing. Needs MANAGE_ROLES (group.not_allowed), a rank above the role''s and, towards others, the member''s (group.hierarchy), and every permission of the role (group_role.bits_not_held). Refuses group_role.unknown, group_member.unknown, and the default role and those of integrations (group_role.not_assignable). Audited.';

revoke all on function groups.assign_role(uuid, uuid, uuid) from public;
grant execute on function groups.assign_role(uuid, uuid, uuid) to stoa_member;
