create or replace function workspace.update_task(p_task_id uuid, p_patch jsonb)
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
begin
  -- A new place in the tree is decided under the exclusive lock of the project; texts need no more than to share it.
  task := workspace.workable_task(p_task_id, not coalesce(p_patch ? 'parent_id', false));
  perform groups.check_patch_types(
    p_patch, array['title', 'description', 'due_at', 'parent_id'], '{}', array['priority'],
    array['description', 'due_at', 'parent_id']
  );
  if p_patch = '{}' then
    return task;
  end if;
  if p_patch ? 'title' then task.title := core.clean_text(p_patch ->> 'title', 300); end if;
  task.description := core.patch_text(p_patch, 'description', task.description, 20000);
  if p_patch ? 'priority' then
    if (p_patch ->> 'priority')::integer not between 0 and 4 then
      perform core.fail('task.priority_invalid');
    end if;
    task.priority := (p_patch ->> 'priority')::smallint;
  end if;
  begin
    if p_patch ? 'due_at' then task.due_at := (p_patch ->> 'due_at')::timestamptz; end if;
    if p_patch ? 'parent_id' then task.parent_id := (p_patch ->> 'parent_id')::uuid; end if;
  exception
    when invalid_text_representation or invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
      perform core.fail('input.malformed');
  end;
  if not isfinite(task.due_at) then
    perform core.fail('input.malformed');
  end if;
  if p_patch ? 'parent_id' then
    perform workspace.check_task_parent(task.project_id, p_task_id, task.parent_id);
  end if;
  update workspace.tasks as target
  set title = task.title,
      description = task.description,
      priority = task.priority,
      due_at = task.due_at,
      parent_id = task.parent_id
  where target.id = p_task_id
  returning * into task;
  return task;
end
$$;

comment on function workspace.update_task(uuid, jsonb) is
  'Changes a task. The patch may name title, description, priority (0 to 4), due_at, parent_id; null clears description, due_at and parent_id. Owner, maintainers and members of the project (project.not_allowed). Refuses task.unknown, account.activity_barred, project.archived, task.priority_invalid, task.parent_invalid, other keys (input.unknown_key) and values of the wrong kind (input.malformed). Limits: title 300 characters, description 20,000.';

revoke all on function workspace.update_task(uuid, jsonb) from public;
grant execute on function workspace.update_task(uuid, jsonb) to stoa_member;
