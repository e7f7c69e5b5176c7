create or replace function audit.run_erasure_step(p_request_id uuid, p_step text, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- Deletes and changes rows of every module.
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  progress audit.erasures;
  work record;
  condition text;
  affected integer;
begin
  select * into progress from audit.erasures where request_id = p_request_id and finished_at is null for no key update;
  if not found then
    perform core.fail('privacy.unknown');
  end if;

  if p_step = 'audit.logs' then
    affected := audit.scrub_log(progress, least(p_limit, 500));
  elsif p_step = 'jobs' then
    affected := audit.drop_jobs(progress);
  else
    select * into work from audit.erasure_steps(p_step) as known where known.step = p_step;
    if not found then
      raise exception 'there is no step "%"', p_step using errcode = 'XX000';
    end if;

    condition := audit.erasure_condition(p_step, progress.user_id);
    -- A hold that was placed since it began: what it keeps is found by the proof, and the request stays open.
    if not progress.is_replay then
      condition := format('(%s) and not %s', condition, coalesce(ops.held_condition(work.table_name), 'false'));
    end if;

    execute format(
      'with doomed as materialized (select target.tableoid as place, target.ctid as spot from %1$s as target where %2$s order by 1, 2 limit %3$s for update) %4$s where target.tableoid = doomed.place and target.ctid = doomed.spot',
      work.table_name::regclass,
      condition,
      p_limit,
      case work.action
        when 'delete' then format('delete from %s as target using doomed', work.table_name::regclass)
        else format(
          'update %s as target set %s from doomed',
          work.table_name::regclass,
          (
            select string_agg(format('%I = %s', part.name, part.replacement), ', ')
            from unnest(work.columns, work.replacements) as part (name, replacement)
          )
        )
      end
    );
    get diagnostics affected = row_count;
  end if;

  update audit.erasures
  set step = p_step,
      counts = case
        when affected = 0 then counts
        else jsonb_set(counts, array[p_step], to_jsonb(coalesce((counts ->> p_step)::bigint, 0) + affected))
      end
  where request_id = p_request_id;
  return affected;
end
$$;

comment on function audit.run_erasure_step(uuid, text, integer) is
  'Worker: works on at most p_limit rows of one step of an erasure that has begun, writes down how many and returns it; less than p_limit means that the step is done for now. Passes over what a legal hold keeps. A step of audit.erasure_steps, or audit.logs, or jobs. Waits at most 5 s for a lock. Refuses privacy.unknown.';

revoke all on function audit.run_erasure_step(uuid, text, integer) from public;
grant execute on function audit.run_erasure_step(uuid, text, integer) to stoa_worker;
