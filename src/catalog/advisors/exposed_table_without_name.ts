import { type Advisor, apiRoles } from './advisor.ts';

export const exposedTableWithoutName: Advisor = {
  name: 'exposed_table_without_name',
  level: 'error',
  title: 'An exposed table without a name in the API',
  why: 'The API names a type after the first line of the comment (@name post). Without it the name is made from schema and table, stutters (ForumsPost), and becomes a promise to clients the day it is deployed.',
  query: `
    select
      c.oid::regclass::text as object,
      format(
        'Readable by %s, and its comment does not begin with a line "@name …".',
        (
          select string_agg(r.name, ', ' order by r.place)
          from unnest(${apiRoles}) with ordinality as r (name, place)
          where has_table_privilege(r.name, c.oid, 'select') or has_any_column_privilege(r.name, c.oid, 'select')
        )
      ) as detail,
      format('comment on %s %s is %L;',
        case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
        c.oid::regclass,
        E'@name <name>\\n' || coalesce(nullif(pg_catalog.obj_description(c.oid, 'pg_class'), ''), '<text>')) as remediation
    from pg_catalog.pg_class as c
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind in ('r', 'p', 'v', 'm')
      and not c.relispartition
      and exists (
        select
        from unnest(${apiRoles}) as r (name)
        where has_table_privilege(r.name, c.oid, 'select') or has_any_column_privilege(r.name, c.oid, 'select')
      )
      and coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '') !~ '^@name [a-z][a-z0-9_]*(\\n|$)'`,
  examples: {
    bad: `create table scratch.notes (id integer primary key);
comment on table scratch.notes is 'What people jot down.';
grant select on scratch.notes to stoa_member;`,
    good: `create table scratch.notes (id integer primary key);
comment on table scratch.notes is E'@name note\\nWhat people jot down.';
grant select on scratch.notes to stoa_member;`,
  },
};
