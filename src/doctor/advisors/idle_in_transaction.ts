import { type LiveAdvisor, limit } from './advisor.ts';

export const idleInTransaction: LiveAdvisor = {
  name: 'idle_in_transaction',
  level: 'warning',
  title: 'A transaction in which nothing happens',
  why: 'A client began it and went away: it keeps a connection, its locks and every row that died since. Set idle_in_transaction_session_timeout for that login.',
  query: `
    select
      coalesce(nullif(a.application_name, ''), 'unnamed') || ' as ' || a.usename as object,
      format('Process %s in %s, idle for %s.', a.pid, a.datname, date_trunc('second', clock_timestamp() - a.state_change)) as what,
      format('select pg_terminate_backend(%s);', a.pid) as cure
    from pg_catalog.pg_stat_activity as a
    where a.backend_type = 'client backend'
      and a.pid <> pg_backend_pid()
      and a.state like 'idle in transaction%'
      and a.state_change <= clock_timestamp() - make_interval(secs => ${limit('idleSeconds')}::double precision)`,
};
