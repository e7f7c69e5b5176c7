create or replace function workspace.delete_project(p_project_id uuid, p_reason text default null)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  is_staff boolean;
  project workspace.projects;
begin
  perform from workspace.projects as target where target.id = p_project_id for no key update;
  project := workspace.readable_project(p_project_id);
  is_staff := project.owner_id <> me and core.current_role_rank() >= 2;
  if project.owner_id <> me and not is_staff then
    perform core.fail('project.not_allowed');
  end if;
  update workspace.projects as target
  set deleted_at = now(), is_removed = is_staff
  where target.id = p_project_id
  returning * into project;
  perform audit.record('delete_project', 'workspace.projects', p_project_id, p_reason => why);
  if is_staff then
    perform notifications.notify(
      project.owner_id, 'moderation', 'Your project was removed: ' || project.name, why,
      jsonb_build_object('project_id', p_project_id)
    );
  end if;
  return project;
end
$$;

comment on function workspace.delete_project(uuid, text) is
  'Deletes a project: nobody but its owner sees it any more, with its tasks and pages, and it can be restored for 30 days; then it is purged. Its owner, or staff of the platform (project.not_allowed). Refuses project.unknown. Limit: reason 1,000 characters. Audited; the owner is told when staff does it.';

revoke all on function workspace.delete_project(uuid, text) from public;
grant execute on function workspace.delete_project(uuid, text) to stoa_member;
