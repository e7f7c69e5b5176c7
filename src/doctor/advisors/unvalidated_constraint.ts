import { isOurs, type LiveAdvisor } from './advisor.ts';

export const unvalidatedConstraint: LiveAdvisor = {
  name: 'unvalidated_constraint',
  level: 'warning',
  title: 'A rule that nobody checked against the rows that were there',
  why: 'It holds for new rows only: old ones may break it, the planner does not rely on it, and a dump of such rows does not restore.',
  query: `
    select
      format('%s: %I', c.oid::regclass, k.conname) as object,
      format('%s.', pg_catalog.pg_get_constraintdef(k.oid)) as what,
      format('alter table %s validate constraint %I;', c.oid::regclass, k.conname) as cure
    from pg_catalog.pg_constraint as k
    join pg_catalog.pg_class as c on c.oid = k.conrelid
    where ${isOurs}
      and not k.convalidated
      and k.conparentid = 0`,
};
