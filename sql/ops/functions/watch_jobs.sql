create or replace function ops.watch_jobs()
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  failed record;
  repeated record;
begin
  for failed in
    select
      task.identifier,
      count(*) as jobs,
      max(job.id) as newest
    from graphile_worker._private_jobs as job
    join graphile_worker._private_tasks as task on task.id = job.task_id
    where job.attempts >= job.max_attempts
      and job.locked_at is null
    group by task.identifier
    order by task.identifier
  loop
    perform ops.raise_alert(
      'job_failed', 'error', failed.identifier,
      jsonb_build_object('jobs', failed.jobs, 'newestJob', failed.newest)
    );
  end loop;

  perform ops.resolve_alert(alert.name, alert.subject)
  from ops.alerts as alert
  where alert.name = 'job_failed'
    and alert.resolved_at is null
    and not exists (
      select
      from graphile_worker._private_jobs as job
      join graphile_worker._private_tasks as task on task.id = job.task_id
      where task.identifier = alert.subject
        and job.attempts >= job.max_attempts
        and job.locked_at is null
    );

  for repeated in
    select total.task as name, newest.failures, newest.runs
    from ops.job_totals as total
    cross join lateral (
      select count(*) filter (where ended.status = 'failed') as failures, count(*) as runs
      from (
        select run.status
        from ops.job_runs as run
        where run.task = total.task
          and run.status <> 'running'
        order by run.id desc
        limit 3
      ) as ended
    ) as newest
    where total.failures > 0
      -- Of a job that is queued for one event, only failures are recorded.
      and exists (
        select from graphile_worker._private_known_crontabs as entry where entry.identifier = total.task
      )
    order by total.task
  loop
    if repeated.failures = 3 then
      perform ops.raise_alert('job_failing', 'warning', repeated.name, '{}');
    elsif repeated.failures < repeated.runs then
      perform ops.resolve_alert('job_failing', repeated.name);
    end if;
  end loop;
end
$$;

comment on function ops.watch_jobs() is
  'Worker: raises an alert for each task of which a job has failed for the last time, and resolves it when none is left; and for each task of the timetable that failed three times in a row, until it ends well. Says how many, never why: the reason may hold what a person wrote. Scans the queue twice.';

revoke all on function ops.watch_jobs() from public;
grant execute on function ops.watch_jobs() to stoa_worker;
