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
      -- A column of it becomes text with a check; its default is dropped first, because it cannot be cast along.
      coalesce(
        (
          select string_agg(
            format('alter table %s ', c.oid::regclass)
              || case when d.oid is null then '' else format('alter column %I drop default, ', a.attname) end
              || format('alter column %I type text using %I::text, ', a.attname, a.attname)
              || case
                when d.oid is null then ''
                else format('alter column %I set default %s, ', a.attname,
                  replace(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '::' || t.oid::regtype::text, '::text'))
              end
              || format('add check (%I in (%s)); ', a.attname, labels.list),
            '' order by c.oid, a.attnum
          )
          from pg_catalog.pg_attribute as a
          join pg_catalog.pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
          left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
          where a.atttypid = t.oid and not a.attisdropped
        ),
        ''
      ) || format('drop type %s;', t.oid::regtype) as remediation
    from pg_catalog.pg_type as t
    cross join lateral (
      select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) as list
      from pg_catalog.pg_enum as e
      where e.enumtypid = t.oid
    ) as labels
    where t.typnamespace::regnamespace::text = any ($1)
      and t.typtype = 'e'`,
  examples: {
    bad: `create type scratch.mood as enum ('calm', 'cross');`,
    good: `create table scratch.people (mood text check (mood in ('calm', 'cross')));`,
  },
};
