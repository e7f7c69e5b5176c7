import type { Advisor } from './advisor.ts';

export const enumType: Advisor = {
  name: 'enum_type',
  level: 'error',
  title: 'An enumerated type',
  why: 'A value can never be removed again, and comparing enums is not leak-proof, so under row-level security such a column cannot be an index condition. A closed set is text with a check.',
  query: `
    select
      t.oid::regtype::text as object,
      format('An enumerated type with %s values.', (select count(*) from pg_catalog.pg_enum as e where e.enumtypid = t.oid)) as detail,
      'Use text with check (column in (…)).' as remediation
    from pg_catalog.pg_type as t
    where t.typnamespace::regnamespace::text = any ($1)
      and t.typtype = 'e'`,
  examples: {
    bad: `create type scratch.mood as enum ('calm', 'cross');`,
    good: `create table scratch.people (mood text check (mood in ('calm', 'cross')));`,
  },
};
