create or replace function tracker.sum_up_partition(p_partition text)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  first_day date;
  last_day date;
  summed_days date[];
  written integer := 0;
begin
  execute format(
    'select min(observed_at at time zone ''UTC'')::date, max(observed_at at time zone ''UTC'')::date from %s',
    p_partition::regclass
  )
  into first_day, last_day;
  summed_days := array(
    select distinct known.day from tracker.peer_history_daily as known where known.day between first_day and last_day
  );
  while first_day <= last_day loop
    -- A day that was summed up in its time knew the snapshots before it, which may be gone by now.
    if first_day <> all (summed_days) then
      written := written + tracker.sum_up_day(first_day);
    end if;
    first_day := first_day + 1;
  end loop;
  return written;
end
$$;

comment on function tracker.sum_up_partition(text) is
  'Sums up the days of a partition of tracker.peer_history that were not summed up in their time, before it leaves the table, and answers how many rows that wrote. One reading of the partition and of the sums. For operators, as owner.';

revoke all on function tracker.sum_up_partition(text) from public;
