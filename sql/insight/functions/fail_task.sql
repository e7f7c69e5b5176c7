create or replace function insight.fail_task(p_claim_id uuid, p_error text)
returns boolean
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  most constant integer := core.setting_integer('insight.max_attempts');
  task insight.tasks;
begin
  update insight.tasks as target
  set claim_id = null,
      source_digest = null,
      last_error = left(p_error, 500),
      failed_at = case when target.attempts >= most then clock_timestamp() end,
      available_at = clock_timestamp() + least(interval '30 seconds' * 2 ^ (target.attempts - 1), interval '1 hour')
  where target.claim_id = p_claim_id
  returning * into task;
  if not found then
    perform core.fail('insight_claim.lost');
  end if;
  return task.failed_at is null;
end
$$;

comment on function insight.fail_task(uuid, text) is
  'For the worker: ends a claim without a result. The task waits 30 seconds, doubled with each attempt up to an hour, or is given up after the last one (setting insight.max_attempts); tells whether it will be tried again. Keeps 500 characters of the error, which must not quote what people wrote. Refuses insight_claim.lost.';

revoke all on function insight.fail_task(uuid, text) from public;
grant execute on function insight.fail_task(uuid, text) to stoa_worker;
