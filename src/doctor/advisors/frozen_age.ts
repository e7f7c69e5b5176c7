import { type LiveAdvisor, limit } from './advisor.ts';

export const frozenAge: LiveAdvisor = {
  name: 'frozen_age',
  level: 'error',
  title: 'A table whose oldest rows are far behind the transaction counter',
  why: 'Two thousand million transactions after its oldest row that is not frozen, PostgreSQL takes no more writes, to save what is there. Something keeps the vacuum that prevents this from ending: an old transaction, a replication slot, or a table that is too much for it.',
  query: `
    select
      c.oid::regclass::text as object,
      format('%s transactions old; PostgreSQL stops at 2,147,000,000.', to_char(greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)), 'FM999,999,999,990')) as what,
      format('vacuum (freeze) %s;', c.oid::regclass) as cure
    from pg_catalog.pg_class as c
    where c.relkind in ('r', 'm')
      and c.relpersistence <> 't'
      and c.relfrozenxid <> '0'::xid
      and greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)) >= ${limit('frozenAge')}`,
};
