create or replace function workspace.board_place(p_project_id uuid, p_status text, p_before_id uuid, p_task_id uuid)
returns double precision
language plpgsql
volatile
set search_path = ''
as $$
declare
  spacing constant double precision := 1024;
  above double precision;
  below double precision;
begin
  if p_before_id is null then
    return spacing + coalesce(
      (
        select max(task.position)
        from workspace.tasks as task
        where task.project_id = p_project_id
          and task.status = p_status
          and task.deleted_at is null
          and task.id is distinct from p_task_id
      ),
      0
    );
  end if;

  for attempt in 1..2 loop
    select task.position into below
    from workspace.tasks as task
    where task.id = p_before_id
      and task.project_id = p_project_id
      and task.status = p_status
      and task.deleted_at is null
      and task.id is distinct from p_task_id;
    if not found then
      perform core.fail('task.before_invalid');
    end if;
    select task.position into above
    from workspace.tasks as task
    where task.project_id = p_project_id
      and task.status = p_status
      and task.deleted_at is null
      and task.id is distinct from p_task_id
      and (task.position, task.id) < (below, p_before_id)
    order by task.position desc, task.id desc
    limit 1;
    if not found then
      return below - spacing;
    end if;
    -- Far from zero there may be no number between two that are further apart than this.
    if below - above >= 1e-6 and (above + below) / 2 > above and (above + below) / 2 < below then
      return (above + below) / 2;
    end if;

    update workspace.tasks as task
    set position = ordered.place * spacing
    from (
      select column_task.id, row_number() over (order by column_task.position, column_task.id) as place
      from workspace.tasks as column_task
      where column_task.project_id = p_project_id
        and column_task.status = p_status
        and column_task.deleted_at is null
    ) as ordered
    where task.id = ordered.id
      and task.position <> ordered.place * spacing;
  end loop;
  return (above + below) / 2;
end
$$;

comment on function workspace.board_place(uuid, text, uuid, uuid) is
  'Internal. A position on the board of a project: before a task of that column, or at its end. Half-way between the two neighbours; where there is no room between them, the column is spaced anew first, which writes all its tasks. Call it under the exclusive lock of the project. Refuses a task that is not in that column (task.before_invalid).';

revoke all on function workspace.board_place(uuid, text, uuid, uuid) from public;
