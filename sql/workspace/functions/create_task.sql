create or replace function workspace.create_task(
  p_project_id uuid,
  p_title text,
  p_description text default null,
  p_status text default 'todo',
  p_priority integer default 2,
  p_assignee_id uuid default null,
  p_due_at timestamptz default null,
  p_parent_id uuid default null,
  p_source_channel_id uuid default null,
  p_source_message_id uuid default null,
  p_key text default null
)
returns workspace.tasks
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_project_id, p_title, p_description, p_status, p_priority, p_assignee_id, p_due_at, p_parent_id, p_source_channel_id,
    p_source_message_id
  );
  task_title constant text := core.clean_text(p_title, 300);
  task_description constant text := core.clean_text(p_description, 20000, false);
  earlier jsonb;
  project workspace.projects;
  task workspace.tasks;
begin
  earlier := core.recall('workspace.create_task', p_key, arguments);
  if earlier is not null then
    perform workspace.readable_project(p_project_id);
    select * into task from workspace.tasks as made where made.id = (earlier ->> 'id')::uuid;
    return task;
  end if;

  perform workspace.check_task_status(p_status);
  if p_priority is null or p_priority not between 0 and 4 then
    perform core.fail('task.priority_invalid');
  end if;
  if not isfinite(p_due_at) or (p_source_channel_id is null) <> (p_source_message_id is null) then
    perform core.fail('input.malformed');
  end if;
  project := workspace.workable_project(p_project_id);
  if p_source_channel_id is not null then
    perform groups.permitted_channel(p_source_channel_id, 'READ_HISTORY');
    if not exists (
      select
      from groups.channel_messages as message
      where message.channel_id = p_source_channel_id and message.id = p_source_message_id and message.deleted_at is null
    ) then
      perform core.fail('channel_message.unknown');
    end if;
  end if;
  perform workspace.lock_assignee(p_project_id, p_assignee_id);
  perform workspace.check_task_parent(p_project_id, null, p_parent_id);

  update workspace.projects as target
  set last_task_number = target.last_task_number + 1
  where target.id = p_project_id
  returning * into project;
  insert into workspace.tasks (
    project_id, number, parent_id, title, description, status, priority, assignee_id, created_by, position, due_at,
    completed_at, source_channel_id, source_message_id
  )
  values (
    p_project_id, project.last_task_number, p_parent_id, task_title, task_description, p_status, p_priority, p_assignee_id,
    me, workspace.board_place(p_project_id, p_status, null, null), p_due_at,
    case p_status when 'done' then now() end, p_source_channel_id, p_source_message_id
  )
  returning * into task;
  perform core.remember('workspace.create_task', p_key, arguments, jsonb_build_object('id', task.id));
  perform workspace.tell_assignee(task, project);
  return task;
end
$$;

comment on function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text) is
  'Creates a task at the end of its column of the board, with the next number of the project. It can come from a message that the caller may read (its channel and its identifier), be assigned to somebody who takes part, and be a part of another task. key: an idempotency key; the same call again returns the first task. Owner, maintainers and members (project.not_allowed); refuses somebody barred from posting (account.activity_barred), project.unknown, project.archived, task.status_invalid, task.priority_invalid, task.assignee_not_member, task.parent_invalid, channel.unknown, channel.not_allowed, channel_message.unknown. Limits: title 300 characters, description 20,000. The assignee is told. Tasks of one project are created one after another.';

revoke all on function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text) from public;
grant execute on function workspace.create_task(uuid, text, text, text, integer, uuid, timestamptz, uuid, uuid, uuid, text) to stoa_member;
