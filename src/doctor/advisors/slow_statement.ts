import { type LiveAdvisor, limit } from './advisor.ts';

/** `STATEMENTS` stands for the view, in whatever schema the extension was put. */
export const slowStatement: LiveAdvisor = {
  name: 'slow_statement',
  level: 'warning',
  title: 'A statement that is slow each time',
  why: 'Its mean is far above what a request may take. The plan shows what it reads: make it read less. The figures are since they were last reset, and the cure forgets them.',
  query: `
    select
      s.queryid::text as object,
      format('%s ms on average over %s calls, %s rows and %s blocks each: %s',
        round(s.mean_exec_time::numeric, 1), s.calls, round(s.rows::numeric / s.calls), round((s.shared_blks_hit + s.shared_blks_read)::numeric / s.calls),
        left(regexp_replace(s.query, '\\s+', ' ', 'g'), 300)) as what,
      format('select STATEMENTS_reset(%s, %s, %s);', s.userid, s.dbid, s.queryid) as cure,
      s.query as statement
    from STATEMENTS as s
    where s.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
      and s.calls >= ${limit('slowCalls')}
      and s.mean_exec_time >= ${limit('slowMs')}
    order by s.total_exec_time desc
    limit 10`,
};
