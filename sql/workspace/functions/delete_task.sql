create or replace function workspace.delete_task(p_task_id uuid, p_reason text default null)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  home uuid;
  is_staff boolean;
  task workspace.tasks;
begin
  select target.project_id into home from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'task.unknown');
  is_staff := core.current_role_rank() >= 2 and coalesce(workspace.role_rank(workspace.project_role(home)), 0) < 2;
  if not is_staff then
    perform workspace.workable_project(home, 'task.unknown');
  end if;
  select * into task
  from workspace.tasks as target
  where target.id = p_task_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('task.unknown');
  end if;

  with recursive tree (id) as (
    select p_task_id
    union all
    select part.id
    from tree
    join workspace.tasks as part on part.project_id = home and part.parent_id = tree.id
    where part.deleted_at is null
  )
  update workspace.tasks as target
  set deleted_at = now(), is_removed = is_staff
  from tree
  where target.id = tree.id;
  select * into task from workspace.tasks as target where target.id = p_task_id;

  if is_staff then
    perform audit.record('delete_task', 'workspace.tasks', p_task_id, p_reason => why);
    perform notifications.notify(
      task.created_by, 'moderation', 'Your task was removed: ' || task.title, why,
      jsonb_build_object('project_id', home, 'task_id', p_task_id)
    );
  end if;
  return task;
end
$$;

comment on function workspace.delete_task(uuid, text) is
  'Deletes a task with the tasks under it; it can be restored for 30 days, then it is purged. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed). Refuses task.unknown, and members account.activity_barred and project.archived. Limit: reason 1,000 characters. A deletion by staff is audited, and who wrote the task is told.';

revoke all on function workspace.delete_task(uuid, text) from public;
grant execute on function workspace.delete_task(uuid, text) to stoa_member;
