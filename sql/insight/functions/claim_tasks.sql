create or replace function insight.claim_tasks(p_kind text, p_limit integer default 20, p_seconds integer default 300)
returns table (claim_id uuid, channel_id uuid, start_message_id uuid, end_message_id uuid, attempt integer, claimed_until timestamptz)
language plpgsql
volatile
rows 20
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  until constant timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  most constant integer := core.setting_integer('insight.max_attempts');
  taken uuid[] := '{}';
  due uuid[];
  fit uuid[];
begin
  if p_kind is null or p_kind not in ('analysis', 'summary')
    or p_limit is null or p_limit not between 1 and 100
    or p_seconds is null or p_seconds not between 10 and 3600
  then
    perform core.fail('insight_claim.invalid');
  end if;

  -- What turns out not to be wanted makes room for others, so that an empty answer means that nothing waits.
  loop
    due := array(
      select task.id
      from insight.tasks as task
      where task.kind = p_kind
        and task.failed_at is null
        and task.available_at <= clock_timestamp()
        and task.id <> all (taken)
      order by task.available_at, task.id
      limit p_limit - cardinality(taken)
      for update skip locked
    );
    exit when cardinality(due) = 0;

    update insight.tasks as task
    set failed_at = clock_timestamp(),
        claim_id = null,
        source_digest = null,
        last_error = coalesce(task.last_error, 'The process did not answer.')
    where task.id = any (due) and task.attempts >= most;
    delete from insight.tasks as task
    where task.id = any (due)
      and task.failed_at is null
      and not (
        insight.is_wanted(task.kind, task.channel_id)
        and exists (select from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id))
      );
    fit := array(select task.id from insight.tasks as task where task.id = any (due) and task.failed_at is null);
    update insight.tasks as task
    set claim_id = gen_random_uuid(),
        source_digest = null,
        attempts = task.attempts + 1,
        available_at = until
    where task.id = any (fit);
    taken := taken || fit;
    exit when cardinality(taken) >= p_limit;
  end loop;

  return query
    select task.claim_id, task.channel_id, task.start_message_id, task.end_message_id, task.attempts::integer, task.available_at
    from insight.tasks as task
    where task.id = any (taken)
    order by array_position(taken, task.id);
end
$$;

comment on function insight.claim_tasks(text, integer, integer) is
  'For the worker: takes up to p_limit (1 to 100) tasks of a kind (analysis, summary), longest waiting first, for p_seconds (10 to 3,600); then they are available again. Processes that ask at once get different tasks without waiting for each other. What the group, the author or the message rules out by now is dropped; what was taken too often (setting insight.max_attempts) is given up. No row: nothing waits. Refuses insight_claim.invalid. Next: insight.read_tasks, then insight.record_analysis or record_summary, or insight.fail_task.';

revoke all on function insight.claim_tasks(text, integer, integer) from public;
grant execute on function insight.claim_tasks(text, integer, integer) to stoa_worker;
