create or replace function workspace.assign_task(p_task_id uuid, p_user_id uuid default null)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  project workspace.projects;
  task workspace.tasks;
  former uuid;
begin
  select target.project_id into home from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  project := workspace.workable_project(home, 'task.unknown');
  perform workspace.lock_assignee(home, p_user_id);
  task := workspace.workable_task(p_task_id);
  former := task.assignee_id;
  update workspace.tasks as target set assignee_id = p_user_id where target.id = p_task_id returning * into task;
  if former is distinct from p_user_id then
    perform workspace.tell_assignee(task, project);
  end if;
  return task;
end
$$;

comment on function workspace.assign_task(uuid, uuid) is
  'Gives a task to somebody who takes part in the project, or with null to nobody. Owner, maintainers and members of the project (project.not_allowed). Refuses task.unknown, account.activity_barred, project.archived and somebody who does not take part (task.assignee_not_member). The assignee is told.';

revoke all on function workspace.assign_task(uuid, uuid) from public;
grant execute on function workspace.assign_task(uuid, uuid) to stoa_member;
