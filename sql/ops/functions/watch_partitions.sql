create or replace function ops.watch_partitions(p_now timestamptz default now())
returns setof text
language plpgsql
volatile
set search_path = ''
as $$
declare
  status record;
begin
  for status in
    select parent, ahead, ahead_wanted, covered_until
    from ops.partition_status(p_now)
    order by parent
  loop
    if status.ahead >= 2 and status.covered_until > p_now then
      perform ops.resolve_alert('partitions_low', status.parent);
    else
      perform ops.raise_alert(
        'partitions_low',
        case when coalesce(status.covered_until > p_now, false) then 'error' else 'critical' end,
        status.parent,
        jsonb_build_object('ahead', status.ahead, 'wanted', status.ahead_wanted, 'coveredUntil', status.covered_until)
      );
      return next status.parent;
    end if;
  end loop;

  perform ops.resolve_alert(alert.name, alert.subject)
  from ops.alerts as alert
  where alert.name = 'partitions_low'
    and alert.resolved_at is null
    and not exists (select from ops.partition_policies as policy where policy.parent = alert.subject);
end
$$;

comment on function ops.watch_partitions(timestamptz) is
  'Worker: raises an alert for each table that has fewer than two partitions ahead of p_now, critical when it takes no rows at p_now, resolves those that have enough or are not registered any more, and returns the tables that have not. Reads the catalog entries of the partitions.';

revoke all on function ops.watch_partitions(timestamptz) from public;
grant execute on function ops.watch_partitions(timestamptz) to stoa_worker;
