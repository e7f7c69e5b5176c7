create or replace function workspace.transfer_project(p_project_id uuid, p_user_id uuid)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
  former uuid;
begin
  if core.current_role_rank() >= 3 then
    perform from workspace.projects as target where target.id = p_project_id for no key update;
    project := workspace.readable_project(p_project_id);
  else
    project := workspace.locked_project(p_project_id, 'owner');
  end if;
  former := project.owner_id;
  if p_user_id = former then
    return project;
  end if;
  perform
  from workspace.project_members as member
  where member.project_id = p_project_id and member.user_id = p_user_id
  for no key update;
  if not found then
    perform core.fail('project_member.unknown');
  end if;
  perform workspace.open_account(p_user_id);
  perform workspace.check_owned_limit(p_user_id);

  begin
    update workspace.projects as target set owner_id = p_user_id where target.id = p_project_id returning * into project;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  update workspace.project_members as member
  set role = 'maintainer'
  where member.project_id = p_project_id and member.role = 'owner';
  update workspace.project_members as member
  set role = 'owner'
  where member.project_id = p_project_id and member.user_id = p_user_id;
  perform audit.record(
    'transfer_project', 'workspace.projects', p_project_id,
    jsonb_build_object('owner_id', former), jsonb_build_object('owner_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'project', 'You now own the project ' || project.name, null, jsonb_build_object('project_id', p_project_id), me
  );
  return project;
end
$$;

comment on function workspace.transfer_project(uuid, uuid) is
  'Hands a project to another member; the former owner stays as a maintainer. Only its owner or an administrator of the platform (project.not_allowed). Refuses project.unknown, somebody who does not take part (project_member.unknown), whose account is closed, disabled or banned, or blocks the caller (user.unknown), who owns as many projects as one may (project.limit_reached), or has one of the same key (project.key_taken). Audited; the new owner is told.';

revoke all on function workspace.transfer_project(uuid, uuid) from public;
grant execute on function workspace.transfer_project(uuid, uuid) to stoa_member;
