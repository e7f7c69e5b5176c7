create or replace function groups.delete_role(p_role_id uuid)
returns groups.roles
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  role groups.roles;
begin
  role := groups.managed_role(p_role_id);
  if role.is_default or role.managed then
    perform core.fail('group_role.not_deletable');
  end if;
  delete from groups.roles as target where target.id = p_role_id;
  perform audit.record(
    'delete_group_role', 'groups.roles', p_role_id,
    jsonb_build_object('name', role.name, 'permissions', role.permissions::text), null, p_group_id => role.group_id
  );
  return role;
end
$$;

comment on function groups.delete_role(uuid) is
  E'@name delete_group_role\nDeletes a role, its assignments and its overrides. Needs MANAGE_ROLES (group.not_allowed) and a higher rank (group.hierarchy). Refuses group_role.unknown, and the default role and those of integrations (group_role.not_deletable). Audited.';

revoke all on function groups.delete_role(uuid) from public;
grant execute on function groups.delete_role(uuid) to stoa_member;
