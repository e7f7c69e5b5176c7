create or replace function workspace.restore_task(p_task_id uuid)
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
  is_staff boolean;
  task workspace.tasks;
begin
  select target.project_id into home from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'task.unknown');
  is_staff := core.current_role_rank() >= 2;
  if not is_staff then
    perform workspace.workable_project(home, 'task.unknown');
  end if;
  select * into task from workspace.tasks as target where target.id = p_task_id for no key update;
  if not found then
    perform core.fail('task.unknown');
  end if;
  if task.deleted_at is null then
    return task;
  end if;
  if task.is_removed and not is_staff then
    perform core.fail('project.removed_by_staff');
  end if;
  if task.deleted_at <= now() - interval '30 days' then
    perform core.fail('task.restore_too_late');
  end if;

  with recursive tree (id) as (
    select p_task_id
    union all
    select part.id
    from tree
    join workspace.tasks as part on part.project_id = home and part.parent_id = tree.id
    where part.deleted_at = task.deleted_at
  )
  update workspace.tasks as target
  set deleted_at = null, is_removed = false
  from tree
  where target.id = tree.id;
  update workspace.tasks as target
  set parent_id = null
  where target.id = p_task_id
    and not exists (
      select
      from workspace.tasks as parent
      where parent.project_id = home and parent.id = target.parent_id and parent.deleted_at is null
    );
  select * into task from workspace.tasks as target where target.id = p_task_id;

  if is_staff then
    perform audit.record('restore_task', 'workspace.tasks', p_task_id);
  end if;
  return task;
end
$$;

comment on function workspace.restore_task(uuid) is
  'Brings a deleted task back, with the tasks that were deleted together with it; when what it was a part of is deleted, it stands alone. A task that is not deleted stays as it is. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed), within 30 days (task.restore_too_late). Refuses task.unknown, and members account.activity_barred, project.archived and what staff took down (project.removed_by_staff). Audited when staff does it.';

revoke all on function workspace.restore_task(uuid) from public;
grant execute on function workspace.restore_task(uuid) to stoa_member;
