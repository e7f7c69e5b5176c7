import type { Advisor } from './advisor.ts';

export const tableWithoutRowSecurity: Advisor = {
  name: 'table_without_row_security',
  level: 'error',
  title: 'A table without row-level security',
  why: 'Whoever gets a grant on it, by mistake or later, reads every row. With row-level security on, the default is that nobody sees anything.',
  query: `
    select
      c.oid::regclass::text as object,
      'Row-level security is off.' as detail,
      format('alter table %s enable row level security;', c.oid::regclass) as remediation
    from pg_catalog.pg_class as c
    where c.relnamespace::regnamespace::text = any ($1 || array['parts'])
      and c.relkind in ('r', 'p')
      and not c.relrowsecurity
      and (
        c.relnamespace::regnamespace::text <> 'parts'
        -- A partition counts when its parent is one of the tables that we look at.
        or exists (
          select
          from pg_catalog.pg_partition_ancestors(c.oid) as ancestor
          join pg_catalog.pg_class as parent on parent.oid = ancestor.relid
          where parent.relnamespace::regnamespace::text = any ($1)
        )
      )`,
  examples: {
    bad: 'create table scratch.notes (id integer primary key);',
    good: `create table scratch.notes (id integer primary key);
alter table scratch.notes enable row level security;`,
  },
};
