create or replace function workspace.set_project_role(p_project_id uuid, p_user_id uuid, p_role text)
returns workspace.project_members
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before workspace.project_members;
  member workspace.project_members;
begin
  perform workspace.locked_project(p_project_id, 'maintainer');
  before := workspace.changeable_member(p_project_id, p_user_id);
  if before.role = p_role then
    return before;
  end if;
  perform workspace.check_given_role(p_project_id, p_role);
  update workspace.project_members as known
  set role = p_role
  where known.project_id = p_project_id and known.user_id = p_user_id
  returning * into member;
  perform audit.record(
    'set_project_role', 'workspace.project_members', p_user_id,
    jsonb_build_object('role', before.role), jsonb_build_object('role', p_role),
    p_resource_key => jsonb_build_object('project_id', p_project_id, 'user_id', p_user_id)
  );
  return member;
end
$$;

comment on function workspace.set_project_role(uuid, uuid, text) is
  'Gives a member of a project another role: maintainer, member or viewer. Its owner or a maintainer; only the owner makes and unmakes maintainers, who may step down by themselves (project.not_allowed). Refuses project.unknown, project_member.unknown, other roles (project_member.role_invalid) and the owner (project.owner_stays). Audited.';

revoke all on function workspace.set_project_role(uuid, uuid, text) from public;
grant execute on function workspace.set_project_role(uuid, uuid, text) to stoa_member;
