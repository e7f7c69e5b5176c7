create or replace function ops.recover_jobs(p_grace interval default '30 seconds')
returns table (worker_id text, jobs integer, runs integer)
language plpgsql
volatile
set search_path = ''
as $$
declare
  gone text;
begin
  for gone in
    select worker.id
    from ops.workers as worker
    where worker.seen_at < clock_timestamp() - p_grace
    order by worker.id
    for update skip locked
  loop
    -- Its connection holds this for as long as the process lives, however busy it is.
    continue when not pg_try_advisory_xact_lock(hashtextextended('ops.workers:' || gone, 0));

    update ops.job_runs as run
    set status = 'failed',
        finished_at = clock_timestamp(),
        detail = jsonb_build_object('message', 'the process that ran it ended')
    from ops.running_jobs as running
    where running.worker_id = gone
      and run.id = running.run_id
      and run.status = 'running';
    get diagnostics runs = row_count;

    insert into ops.job_totals as total (task, runs, failures)
    select running.task, count(*), count(*)
    from ops.running_jobs as running
    where running.worker_id = gone
    group by running.task
    order by running.task
    on conflict (task) do update
    set runs = total.runs + excluded.runs,
        failures = total.failures + excluded.failures;

    update graphile_worker._private_jobs as job
    set last_error = 'the process that ran it ended'
    where job.locked_by = gone;
    get diagnostics jobs = row_count;

    -- The timetable has put its successor into the queue meanwhile, and taken its attempts.
    delete from graphile_worker._private_jobs as job
    using graphile_worker._private_tasks as task
    where job.locked_by = gone
      and task.id = job.task_id
      and job.key is null
      and job.attempts >= job.max_attempts
      and exists (
        select from graphile_worker._private_jobs as successor where successor.key = task.identifier
      );

    perform graphile_worker.force_unlock_workers(array[gone]);

    delete from ops.workers as worker where worker.id = gone;
    worker_id := gone;
    return next;
  end loop;
end
$$;

comment on function ops.recover_jobs(interval) is
  'Worker: gives back to the queue what workers held that are gone, and returns each with how many jobs and runs it held. A worker is gone when it has not said for p_grace that it is there, and its connection is no more. An attempt that died counts as one, so a job that kills its worker every time ends as failed. Reads the few rows of ops.workers; scans the queue only for a worker that is gone.';

revoke all on function ops.recover_jobs(interval) from public;
grant execute on function ops.recover_jobs(interval) to stoa_worker;
