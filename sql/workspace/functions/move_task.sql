create or replace function workspace.move_task(p_task_id uuid, p_status text, p_before_id uuid default null)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  task workspace.tasks;
  place double precision;
begin
  perform workspace.check_task_status(p_status);
  task := workspace.workable_task(p_task_id);
  -- Apart from the update: it may have to write the same rows.
  place := workspace.board_place(task.project_id, p_status, p_before_id, p_task_id);
  update workspace.tasks as target
  set status = p_status,
      position = place,
      completed_at = case p_status when 'done' then coalesce(target.completed_at, now()) end
  where target.id = p_task_id
  returning * into task;
  return task;
end
$$;

comment on function workspace.move_task(uuid, text, uuid) is
  'Moves a task on the board: into a column (its status), before a task that stands there, or to its end. What is done notes when. Owner, maintainers and members of the project (project.not_allowed). Refuses task.unknown, account.activity_barred, project.archived, task.status_invalid and a task to place before that is not in that column (task.before_invalid). Moves in one project happen one after another; about five index look-ups, and all tasks of the column when there is no room between two of them.';

revoke all on function workspace.move_task(uuid, text, uuid) from public;
grant execute on function workspace.move_task(uuid, text, uuid) to stoa_member;
