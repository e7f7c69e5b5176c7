import type { Advisor } from './advisor.ts';

export const columnWithoutComment: Advisor = {
  name: 'column_without_comment',
  level: 'error',
  title: 'A column without a comment',
  why: 'A name says what a column is called, not what it means, in which unit, or who maintains it. Comments are the documentation of the API and of the schema pages.',
  query: `
    select
      format('%s.%I', c.oid::regclass, a.attname) as object,
      'It has no comment.' as detail,
      format('comment on column %s.%I is ''<text>'';', c.oid::regclass, a.attname) as remediation
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind in ('r', 'p', 'v', 'm')
      and not c.relispartition
      and coalesce(pg_catalog.col_description(c.oid, a.attnum), '') = ''`,
  examples: {
    bad: 'create table scratch.notes (id integer primary key);',
    good: `create table scratch.notes (id integer primary key);
comment on column scratch.notes.id is 'Counts up.';`,
  },
};
