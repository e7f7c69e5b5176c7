create or replace function workspace.check_task_status(p_status text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_status is null or p_status not in ('todo', 'in_progress', 'review', 'done', 'cancelled') then
    perform core.fail('task.status_invalid');
  end if;
end
$$;

comment on function workspace.check_task_status(text) is
  'Internal. Refuses what is no status of tasks (task.status_invalid).';

revoke all on function workspace.check_task_status(text) from public;
