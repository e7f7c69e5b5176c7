create or replace function workspace.my_tasks(p_first integer default 25, p_after uuid default null)
returns setof workspace.tasks
language plpgsql
stable
rows 25
set search_path = ''
as $$
declare
  last_task workspace.tasks;
  -- Runs as the caller, who may not call what the module keeps to itself.
  left_over integer := least(greatest(coalesce(p_first, 25), 1), 100);
  taken integer;
begin
  perform core.require_member();
  if p_after is not null then
    select * into last_task from workspace.tasks as task where task.id = p_after;
    if not found then
      perform core.fail('task.unknown');
    end if;
  end if;
  -- Each case has its own range of the index: in one condition they would be a filter over all tasks of the caller.
  if p_after is null then
    return query
      select task.*
      from workspace.tasks as task
      where task.assignee_id = (select core.current_user_id())
        and task.status not in ('done', 'cancelled')
        and task.deleted_at is null
      order by task.due_at, task.id
      limit left_over;
    return;
  end if;
  if last_task.due_at is not null then
    return query
      select task.*
      from workspace.tasks as task
      where task.assignee_id = (select core.current_user_id())
        and task.status not in ('done', 'cancelled')
        and task.deleted_at is null
        and (task.due_at, task.id) > (last_task.due_at, p_after)
      order by task.due_at, task.id
      limit left_over;
    get diagnostics taken = row_count;
    left_over := left_over - taken;
    return query
      select task.*
      from workspace.tasks as task
      where task.assignee_id = (select core.current_user_id())
        and task.status not in ('done', 'cancelled')
        and task.deleted_at is null
        and task.due_at is null
      order by task.due_at, task.id
      limit left_over;
  else
    return query
      select task.*
      from workspace.tasks as task
      where task.assignee_id = (select core.current_user_id())
        and task.status not in ('done', 'cancelled')
        and task.deleted_at is null
        and task.due_at is null
        and task.id > p_after
      order by task.due_at, task.id
      limit left_over;
  end if;
end
$$;

comment on function workspace.my_tasks(integer, uuid) is
  E'@simpleCollections only\nThe open tasks that are assigned to the caller, over all projects that they take part in, the next due first and those without a deadline last. first: 1 to 100 tasks; after: the id of the last task of the page before. Refuses visitors (session.required) and an unknown task to continue after (task.unknown). One index range.';

revoke all on function workspace.my_tasks(integer, uuid) from public;
grant execute on function workspace.my_tasks(integer, uuid) to stoa_member;
