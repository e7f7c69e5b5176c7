import { isOurs, type LiveAdvisor, limit } from './advisor.ts';

export const unusedIndex: LiveAdvisor = {
  name: 'unused_index',
  level: 'notice',
  title: 'An index that nothing reads',
  why: 'It is written on every change and takes memory from those that are read. Look at every replica and at the jobs of a whole month first: statistics are kept for each server.',
  query: `
    select
      root.oid::regclass::text as object,
      format('%s of %s, not read since %s.', pg_size_pretty(sum(pg_relation_size(i.indexrelid))), root_table.oid::regclass,
        coalesce('the statistics were reset on ' || (select stats_reset::date from pg_catalog.pg_stat_database where datname = current_database()), 'the statistics began')) as what,
      format(case when root.relkind = 'I' then 'drop index %s;' else 'drop index concurrently %s;' end, root.oid::regclass) as cure
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    -- The index of a partitioned table is judged by all of its parts.
    join pg_catalog.pg_class as root on root.oid = coalesce(pg_catalog.pg_partition_root(i.indexrelid), i.indexrelid)
    join pg_catalog.pg_index as root_index on root_index.indexrelid = root.oid
    join pg_catalog.pg_class as root_table on root_table.oid = root_index.indrelid
    left join pg_catalog.pg_stat_all_indexes as seen on seen.indexrelid = i.indexrelid
    where ${isOurs}
      and not root_index.indisunique
      and not exists (select from pg_catalog.pg_constraint as k where k.conindid = root.oid and k.contype in ('p', 'u', 'x'))
      -- The index of a foreign key serves deletes, which may be rare.
      and not exists (
        select
        from pg_catalog.pg_constraint as k
        where k.contype = 'f' and k.conrelid = root_index.indrelid and k.conkey[1] = root_index.indkey[0]
      )
      and coalesce(
        (select stats_reset < now() - make_interval(days => ${limit('statisticsDays')}::integer) from pg_catalog.pg_stat_database where datname = current_database()),
        true
      )
    group by root.oid, root.relkind, root_table.oid
    having coalesce(sum(seen.idx_scan), 0) = 0
      and sum(pg_relation_size(i.indexrelid)) >= ${limit('unusedIndexBytes')}`,
};
