create or replace function insight.retry_tasks(p_kind text, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  revived integer;
begin
  update insight.tasks as target
  set failed_at = null,
      attempts = 0,
      available_at = clock_timestamp()
  where target.id = any (
    array(
      select task.id
      from insight.tasks as task
      where task.kind = p_kind and task.failed_at is not null
      order by task.id
      limit p_limit
      for update skip locked
    )
  );
  get diagnostics revived = row_count;
  return revived;
end
$$;

comment on function insight.retry_tasks(text, integer) is
  'For the worker, by hand of an operator: tasks of a kind that were given up are tried again; returns how many. Scans the tasks.';

revoke all on function insight.retry_tasks(text, integer) from public;
grant execute on function insight.retry_tasks(text, integer) to stoa_worker;
