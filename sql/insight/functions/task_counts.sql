create or replace function insight.task_counts()
returns table (kind text, waiting bigint, claimed bigint, failed bigint, oldest_at timestamptz)
language sql
stable
rows 2
-- The worker has no grant on the tasks.
security definer
set search_path = ''
begin atomic
  select
    task.kind,
    count(*) filter (where task.failed_at is null and task.claim_id is null),
    count(*) filter (where task.failed_at is null and task.claim_id is not null),
    count(*) filter (where task.failed_at is not null),
    min(task.inserted_at) filter (where task.failed_at is null)
  from insight.tasks as task
  group by task.kind
  order by task.kind;
end;

comment on function insight.task_counts() is
  'For the worker and for monitoring: how much waits, is taken, was given up, and since when the oldest open task waits. Scans the tasks.';

revoke all on function insight.task_counts() from public;
grant execute on function insight.task_counts() to stoa_worker;
