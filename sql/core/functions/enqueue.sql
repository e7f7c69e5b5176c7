create or replace function core.enqueue(
  p_task text,
  p_payload json,
  p_key text default null,
  p_run_at timestamptz default null
)
returns void
language plpgsql
volatile
-- The queue belongs to the worker's role, of which only the owner is a member.
security definer
set search_path = ''
as $$
begin
  perform graphile_worker.add_job(
    identifier => p_task,
    payload => p_payload,
    run_at => p_run_at,
    job_key => p_key
  );
end
$$;

comment on function core.enqueue(text, json, text, timestamptz) is
  'Adds a job in this transaction: it runs if and only if the transaction commits. A second job with the same key replaces the first while that waits. The payload carries ids, never secrets. Fails when the queue is not installed.';

revoke all on function core.enqueue(text, json, text, timestamptz) from public;
grant execute on function core.enqueue(text, json, text, timestamptz) to stoa_worker;
