create or replace function tracker.statistics_due_for_repair(p_since timestamptz, p_sample integer default 500)
returns setof uuid
language plpgsql
stable
rows 1000
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  return query
    select totals.user_id
    from tracker.user_statistics as totals
    where totals.updated_at >= p_since
    union
    (select totals.user_id from tracker.user_statistics as totals order by random() limit p_sample);
end
$$;

comment on function tracker.statistics_due_for_repair(timestamptz, integer) is
  'For the worker: the people whose totals the nightly check recounts: those that changed since p_since, and a random sample of the rest. Scans the totals once.';

revoke all on function tracker.statistics_due_for_repair(timestamptz, integer) from public;
grant execute on function tracker.statistics_due_for_repair(timestamptz, integer) to stoa_worker;
