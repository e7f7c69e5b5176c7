create or replace function workspace.add_project_member(p_project_id uuid, p_user_id uuid, p_role text default 'member')
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
  perform core.require_unrestricted('posting');
  project := workspace.locked_project(p_project_id, 'maintainer');
  perform workspace.check_given_role(p_project_id, p_role);
  perform workspace.open_account(p_user_id);
  if exists (
    select from workspace.project_members as known where known.project_id = p_project_id and known.user_id = p_user_id
  ) then
    perform core.fail('project_member.exists');
  end if;
  if (
    select count(*) from workspace.project_members as known where known.project_id = p_project_id
  ) >= core.setting_integer('workspace.member_limit') then
    perform core.fail('project_member.limit_reached');
  end if;
  insert into workspace.project_members (project_id, user_id, role, added_by)
  values (p_project_id, p_user_id, p_role, me)
  returning * into member;
  perform audit.record(
    'add_project_member', 'workspace.project_members', p_user_id, p_new_values => jsonb_build_object('role', p_role),
    p_resource_key => jsonb_build_object('project_id', p_project_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'project', 'You were added to the project ' || project.name, null,
    jsonb_build_object('project_id', p_project_id), me
  );
  return member;
end
$$;

comment on function workspace.add_project_member(uuid, uuid, text) is
  'Brings somebody into a project as maintainer, member or viewer; they can leave at any time. Its owner or a maintainer; only the owner makes maintainers (project.not_allowed). Refuses project.unknown, other roles (project_member.role_invalid), a closed, disabled or banned account or one with a block between (user.unknown), who takes part already (project_member.exists), and more people than a project may have (project_member.limit_reached). Audited; the person is told.';

revoke all on function workspace.add_project_member(uuid, uuid, text) from public;
grant execute on function workspace.add_project_member(uuid, uuid, text) to stoa_member;
