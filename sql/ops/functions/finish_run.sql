create or replace function ops.finish_run(p_run uuid, p_status text, p_rows_affected bigint, p_detail jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  ended ops.job_runs;
begin
  delete from ops.running_jobs where run_id = p_run;

  update ops.job_runs
  set status = p_status,
      rows_affected = p_rows_affected,
      detail = p_detail,
      finished_at = clock_timestamp()
  where id = p_run
    and status = 'running'
  returning * into ended;
  -- Taken for dead, and recorded as such.
  if not found then
    return;
  end if;

  insert into ops.job_totals as total (task, runs, failures, rows_affected)
  values (ended.task, 1, (p_status = 'failed')::integer, coalesce(p_rows_affected, 0))
  on conflict (task) do update
  set runs = total.runs + 1,
      failures = total.failures + excluded.failures,
      rows_affected = total.rows_affected + excluded.rows_affected;

  -- A job that looks every minute and finds nothing leaves its newest look, not half a million a year.
  if p_status = 'ok' and coalesce(p_rows_affected, 0) = 0 then
    delete from ops.job_runs as earlier
    where earlier.id = (
        select previous.id
        from ops.job_runs as previous
        where previous.task = ended.task
          and previous.id < ended.id
        order by previous.id desc
        limit 1
      )
      and earlier.status = 'ok'
      and coalesce(earlier.rows_affected, 0) = 0
      and earlier.started_at > ended.started_at - interval '45 minutes';
  end if;
end
$$;

comment on function ops.finish_run(uuid, text, bigint, jsonb) is
  'Worker: records how a run ended and adds it to the totals of its task. Of runs less than 45 minutes apart that found nothing to do, only the newest stays. A run that was taken for dead is left as it is. Some look-ups by key.';

revoke all on function ops.finish_run(uuid, text, bigint, jsonb) from public;
grant execute on function ops.finish_run(uuid, text, bigint, jsonb) to stoa_worker;
