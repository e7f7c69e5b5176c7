import { type Advisor, apiRoles, granteesOfRelation } from './advisor.ts';

export const sequenceWithinReach: Advisor = {
  name: 'sequence_within_reach',
  level: 'error',
  title: 'A sequence that a role of the API may use',
  why: 'Reading it tells how many accounts or events there are, and setval() makes the next insert fail. Identity columns need no grant on their sequence.',
  query: `
    select
      c.oid::regclass::text as object,
      format('%s may use, read or set it.', string_agg(r.name, ', ' order by r.name)) as detail,
      format('revoke all on sequence %s from %s;', c.oid::regclass, min(held.grantees)) as remediation
    from pg_catalog.pg_class as c
    cross join unnest(${apiRoles}) as r (name)
    cross join lateral (select ${granteesOfRelation} as grantees) as held
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind = 'S'
      and has_sequence_privilege(r.name, c.oid, 'usage, select, update')
    group by c.oid`,
  examples: {
    bad: `create table scratch.notes (id bigint generated always as identity);
grant usage on sequence scratch.notes_id_seq to stoa_member;`,
    good: `create table scratch.notes (id bigint generated always as identity);
grant insert on scratch.notes to stoa_member;`,
  },
};
