import { type LiveAdvisor, limit } from './advisor.ts';

export const longTransaction: LiveAdvisor = {
  name: 'long_transaction',
  level: 'warning',
  title: 'A transaction that has been open for long',
  why: 'While it is open, no vacuum of this database may take a row that died after it began, and its locks stand in the way of every migration.',
  query: `
    select
      coalesce(nullif(a.application_name, ''), 'unnamed') || ' as ' || a.usename as object,
      format('Process %s in %s, open for %s, now %s.', a.pid, a.datname, date_trunc('second', clock_timestamp() - a.xact_start), a.state) as what,
      format('select pg_terminate_backend(%s);', a.pid) as cure
    from pg_catalog.pg_stat_activity as a
    where a.backend_type = 'client backend'
      and a.pid <> pg_backend_pid()
      and a.state not like 'idle in transaction%'
      and a.xact_start <= clock_timestamp() - make_interval(secs => ${limit('transactionSeconds')}::double precision)`,
};
