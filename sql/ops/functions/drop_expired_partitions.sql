create or replace function ops.drop_expired_partitions(p_parent text default null, p_now timestamptz default now())
returns setof text
language plpgsql
volatile
-- Partitions belong to the owner; the job that calls this does not.
security definer
set search_path = ''
set lock_timeout = '200ms'
as $$
declare
  policy ops.partition_policies;
  expired record;
  is_exported boolean;
  has_rows boolean;
begin
  for policy in
    select *
    from ops.partition_policies
    where retain is not null
      and (p_parent is null or parent = p_parent)
    order by parent
  loop
    perform pg_advisory_xact_lock(hashtextextended('ops.ensure_partitions:' || policy.parent, 0));

    for expired in
      select bound.partition
      from ops.partition_bounds(policy.parent) as bound
      where bound.upper_bound <= p_now - policy.retain
        and not exists (
          select
          from ops.partition_retirements as restored
          where restored.partition = bound.partition
            and restored.keep_until > p_now
        )
      order by bound.upper_bound
    loop
      -- Exported and kept by "stoa partitions retire", which says why.
      continue when ops.held_rows(policy.parent, expired.partition) > 0;

      if policy.export_before_drop then
        select exists (
          select
          from ops.archive_exports as export
          where export.parent = policy.parent
            and export.partition = expired.partition
            and export.verified_at is not null
        )
        into is_exported;

        execute format('select exists (select from %s)', expired.partition::regclass) into has_rows;

        -- Left in place, and counted by ops.partition_status, until an export of it was read back.
        continue when has_rows and not is_exported;
      end if;

      begin
        execute format('alter table %s detach partition %s', policy.parent::regclass, expired.partition::regclass);
        execute format('drop table %s', expired.partition::regclass);
      exception
        -- While this waits, everybody else waits behind it: another time is better than a stall.
        when lock_not_available then continue;
      end;

      update ops.archive_exports
      set dropped_at = p_now
      where parent = policy.parent
        and partition = expired.partition;

      return next expired.partition;
    end loop;
  end loop;
end
$$;

comment on function ops.drop_expired_partitions(text, timestamptz) is
  'Drops the partitions whose rows are all older than the retention of their table and returns their names; of a table that is exported first only those with a verified export, or without rows. Leaves what a legal hold keeps. Takes ACCESS EXCLUSIVE on the parent for a moment, waits at most 200 ms for it and passes over what is in use; "stoa partitions retire" does the same without that lock.';

revoke all on function ops.drop_expired_partitions(text, timestamptz) from public;
grant execute on function ops.drop_expired_partitions(text, timestamptz) to stoa_worker;
