create or replace function ops.ensure_partitions(p_parent text default null, p_now timestamptz default now())
returns setof text
language plpgsql
volatile
-- Reads the registry for callers who cannot, and makes what belongs to the owner.
security definer
set search_path = ''
as $$
declare
  registered text;
  made text;
begin
  if p_parent is not null and not exists (select from ops.partition_policies where parent = p_parent) then
    raise exception 'table "%" has no partition policy', p_parent using errcode = 'XX000';
  end if;

  for registered in
    select parent
    from ops.partition_policies
    where p_parent is null or parent = p_parent
    order by parent
  loop
    loop
      made := ops.make_partition(registered, p_now);
      exit when made is null;
      return next made;
    end loop;
  end loop;
end
$$;

comment on function ops.ensure_partitions(text, timestamptz) is
  'Makes the partitions that a table needs around p_now: everything since its newest partition, the current period and as many ahead as its policy says; all registered tables when no parent is named. Returns the names of what it made, nothing when there was nothing to do. Refuses a table without a policy. All in one transaction, which keeps the locks of ops.make_partition to its end: for migrations and imports; the job calls ops.make_partition once a transaction.';

revoke all on function ops.ensure_partitions(text, timestamptz) from public;
grant execute on function ops.ensure_partitions(text, timestamptz) to stoa_worker;
