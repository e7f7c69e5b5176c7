create or replace function ops.begin_run(p_task text, p_worker_id text, p_is_exclusive boolean)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  run constant uuid := core.uuidv7();
begin
  insert into ops.running_jobs (run_id, task, worker_id, is_exclusive)
  values (run, p_task, p_worker_id, p_is_exclusive)
  on conflict (task) where is_exclusive do nothing;
  if not found then
    return null;
  end if;

  insert into ops.job_runs (id, task) values (run, p_task);
  return run;
end
$$;

comment on function ops.begin_run(text, text, boolean) is
  'Worker: records that a worker begins a run of a task, and returns the run; null when the task runs once at a time and somebody is at it. Two rows.';

revoke all on function ops.begin_run(text, text, boolean) from public;
grant execute on function ops.begin_run(text, text, boolean) to stoa_worker;
