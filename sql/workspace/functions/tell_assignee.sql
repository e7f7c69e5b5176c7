create or replace function workspace.tell_assignee(p_task workspace.tasks, p_project workspace.projects)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform notifications.notify(
    p_task.assignee_id, 'task', 'You were assigned ' || p_project.key || '-' || p_task.number || ': ' || p_task.title, null,
    jsonb_build_object('project_id', p_project.id, 'task_id', p_task.id), core.current_user_id()
  );
end
$$;

comment on function workspace.tell_assignee(workspace.tasks, workspace.projects) is
  'Internal. Tells somebody that a task is theirs now; nobody is told what they did themselves.';

revoke all on function workspace.tell_assignee(workspace.tasks, workspace.projects) from public;
