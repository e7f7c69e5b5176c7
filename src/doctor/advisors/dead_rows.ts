import { isOurs, type LiveAdvisor, limit } from './advisor.ts';

export const deadRows: LiveAdvisor = {
  name: 'dead_rows',
  level: 'warning',
  title: 'A table that is bloated with dead rows',
  why: 'Every scan reads them and every index keeps them. Autovacuum is too slow for this table, or something old keeps it from taking them: see long transactions and replication slots.',
  query: `
    select
      c.oid::regclass::text as object,
      format('%s of %s rows are dead.', to_char(stat.n_dead_tup, 'FM999,999,999,990'), to_char(stat.n_dead_tup + stat.n_live_tup, 'FM999,999,999,990')) as what,
      format('vacuum (analyze) %s;', c.oid::regclass) as cure
    from pg_catalog.pg_stat_all_tables as stat
    join pg_catalog.pg_class as c on c.oid = stat.relid
    where ${isOurs}
      and stat.n_dead_tup >= ${limit('deadRows')}
      and stat.n_dead_tup >= (stat.n_live_tup + stat.n_dead_tup) * ${limit('deadShare')}`,
};
