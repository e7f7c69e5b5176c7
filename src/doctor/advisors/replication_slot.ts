import { type LiveAdvisor, limit } from './advisor.ts';

export const replicationSlot: LiveAdvisor = {
  name: 'replication_slot',
  level: 'error',
  title: 'A replication slot that nobody reads, or that lags far behind',
  why: 'The server keeps all log since the place that a slot stands at, until its disk is full and it stops. A logical slot also holds back vacuum.',
  query: `
    select
      s.slot_name::text as object,
      format('%s, %s, holds %s of log.', s.slot_type, case when s.active then 'read by process ' || s.active_pid else 'read by nobody' end, pg_size_pretty(held.bytes)) as what,
      format('select %spg_drop_replication_slot(%L);', case when s.active then 'pg_terminate_backend(' || s.active_pid || '), ' else '' end, s.slot_name) as cure
    from pg_catalog.pg_replication_slots as s
    cross join lateral (
      select coalesce(
        pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end, s.restart_lsn),
        0
      ) as bytes
    ) as held
    where not s.temporary
      and (not s.active and s.restart_lsn is not null or held.bytes >= ${limit('slotBytes')})`,
};
