create or replace function workspace.remove_project_member(p_project_id uuid, p_user_id uuid)
returns workspace.project_members
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
  member workspace.project_members;
begin
  project := workspace.locked_project(p_project_id, case when p_user_id = me then 'viewer' else 'maintainer' end);
  member := workspace.changeable_member(p_project_id, p_user_id);
  delete from workspace.project_members as gone where gone.project_id = p_project_id and gone.user_id = p_user_id;
  perform audit.record(
    'remove_project_member', 'workspace.project_members', p_user_id, jsonb_build_object('role', member.role),
    p_resource_key => jsonb_build_object('project_id', p_project_id, 'user_id', p_user_id)
  );
  if p_user_id <> me then
    perform notifications.notify(
      p_user_id, 'project', 'You were removed from the project ' || project.name, null,
      jsonb_build_object('project_id', p_project_id)
    );
  end if;
  return member;
end
$$;

comment on function workspace.remove_project_member(uuid, uuid) is
  'Ends a membership of a project: one''s own, or as its owner or a maintainer that of another; that of a maintainer only as the owner (project.not_allowed). Their tasks are then assigned to nobody; what they wrote stays. Refuses project.unknown, project_member.unknown and the owner, who hands the project over or deletes it (project.owner_stays). Audited; a person who is removed is told.';

revoke all on function workspace.remove_project_member(uuid, uuid) from public;
grant execute on function workspace.remove_project_member(uuid, uuid) to stoa_member;
