create or replace function ops.backfill_pressure(p_name text)
returns table (lag_bytes bigint, is_maintained boolean)
language sql
volatile
-- Reads the registry, which the job may, and the replication of the server, as far as the owner sees it.
security definer
set search_path = ''
as $$
  select
    (
      -- The details of a standby are hidden from a role without pg_read_all_stats; its slot is not.
      select max(pg_wal_lsn_diff(here.lsn, standby.lsn))::bigint
      from (select case when pg_is_in_recovery() then null else pg_current_wal_lsn() end as lsn) as here
      cross join (
        select replay_lsn from pg_catalog.pg_stat_replication where replay_lsn is not null
        union all
        select restart_lsn from pg_catalog.pg_replication_slots where active and slot_type = 'physical'
      ) as standby (lsn)
    ),
    exists (
      select
      from ops.backfills as backfill
      join pg_catalog.pg_locks as lock
        on lock.locktype = 'relation'
       and lock.granted
       and lock.mode = 'ShareUpdateExclusiveLock'
       and lock.pid <> pg_backend_pid()
       and lock.database = (select oid from pg_catalog.pg_database where datname = current_database())
      where backfill.name = p_name
        and (
          lock.relation = to_regclass(backfill.target)
          or lock.relation in (select relid from pg_partition_tree(to_regclass(backfill.target)))
        )
    )
$$;

comment on function ops.backfill_pressure(text) is
  'Worker: what a backfill should make room for. How many bytes the standby that is furthest behind has not replayed, null without a standby that can be seen; and whether vacuum, analyze or the building of an index is at work on its table or a partition of it. Reads pg_locks once.';

revoke all on function ops.backfill_pressure(text) from public;
grant execute on function ops.backfill_pressure(text) to stoa_worker;
