create or replace function workspace.workable_task(p_task_id uuid, p_is_shared boolean default false)
returns workspace.tasks
language plpgsql
volatile
set search_path = ''
as $$
declare
  found_task workspace.tasks;
begin
  -- It never changes its project, so this may be read before anything is locked.
  select * into found_task from workspace.tasks as target where target.id = p_task_id;
  if not found then
    perform core.fail('task.unknown');
  end if;
  perform workspace.workable_project(found_task.project_id, 'task.unknown', p_is_shared);
  select * into found_task
  from workspace.tasks as target
  where target.id = p_task_id
    and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('task.unknown');
  end if;
  return found_task;
end
$$;

comment on function workspace.workable_task(uuid, boolean) is
  'Internal. A live task that the caller may change, locked after its project. Refuses task.unknown, and what workspace.workable_project refuses.';

revoke all on function workspace.workable_task(uuid, boolean) from public;
