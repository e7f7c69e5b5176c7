create or replace function ops.figures()
returns table (figure text, label text, value double precision)
language plpgsql
stable
-- The registries and the queue have no grant; this tells counts and ages, and nothing of what is in a job.
security definer
set search_path = ''
as $$
begin
  return query
  select 'partitions_ahead', status.parent, status.ahead::double precision
  from ops.partition_status(now()) as status;

  return query
  with recursive task (name) as (
    -- One look-up a task instead of all of their runs.
    select min(run.task) from ops.job_runs as run
    union all
    select (select min(run.task) from ops.job_runs as run where run.task > task.name)
    from task
    where task.name is not null
  )
  select 'job_success_age_seconds', task.name, extract(epoch from now() - last_run.finished_at)::double precision
  from task
  cross join lateral (
    select run.finished_at
    from ops.job_runs as run
    where run.task = task.name
      and run.status = 'ok'
    order by run.id desc
    limit 1
  ) as last_run;

  return query
  select 'job_failures', run.task, count(*)::double precision
  from ops.job_runs as run
  where run.status = 'failed'
    and run.id >= core.uuidv7_floor(now() - interval '1 day')
  group by run.task;

  return query
  select 'jobs_failed', total.task, total.failures::double precision
  from ops.job_totals as total;

  return query
  select 'alerts_open', alert.level || ' ' || alert.name, count(*)::double precision
  from ops.alerts as alert
  where alert.resolved_at is null
  group by alert.level, alert.name;

  return query
  select 'workers', '', count(*)::double precision
  from ops.workers as worker
  where worker.seen_at > now() - interval '1 minute';

  -- The queue makes its tables itself, when the first worker or migration needs them.
  if to_regclass('graphile_worker.jobs') is not null then
    return query
    select due.figure, '', due.value
    from (
      select
        count(*) filter (where job.run_at <= now() and job.attempts < job.max_attempts) as waiting,
        extract(epoch from now() - min(job.run_at) filter (where job.run_at <= now() and job.attempts < job.max_attempts)) as oldest,
        count(*) filter (where job.attempts >= job.max_attempts) as given_up
      from graphile_worker.jobs as job
      where job.locked_at is null
    ) as queue
    cross join lateral (
      values
        ('jobs_due', queue.waiting::double precision),
        ('jobs_oldest_due_age_seconds', coalesce(queue.oldest, 0)::double precision),
        ('jobs_given_up', queue.given_up::double precision)
    ) as due (figure, value);
  end if;
end
$$;

comment on function ops.figures() is
  'What operators watch: partitions ahead of each table, age in seconds of the last success of each job and its failures of a day and since ever, alerts that are open by level and name, workers that are there, jobs that are due, the age of the oldest, and those that were given up. Reads the runs of a day and the queue, so it is asked every few seconds at most.';

revoke all on function ops.figures() from public;
grant execute on function ops.figures() to stoa_auth;
