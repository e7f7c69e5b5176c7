import { type Advisor, fromExtension } from './advisor.ts';

export const objectOfAnotherOwner: Advisor = {
  name: 'object_of_another_owner',
  level: 'error',
  title: 'An object that stoa_owner does not own',
  why: 'Migrations run as stoa_owner and could not change it; a security definer function of a superuser would run as a superuser.',
  query: `
    select
      found.object,
      format('Its owner is %s.', found.owner::regrole) as detail,
      format('alter %s %s owner to stoa_owner;', found.kind, found.object) as remediation
    from (
      select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end as kind,
        c.oid::regclass::text as object, c.relowner as owner
      from pg_catalog.pg_class as c
      where c.relnamespace::regnamespace::text = any ($1)
        and c.relkind in ('r', 'p', 'v', 'm', 'S')
        -- The sequence of a column has the owner of its table, and changes it with it.
        and not exists (
          select
          from pg_catalog.pg_depend as d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and c.relkind = 'S'
            and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        )
      union all
      select 'routine', f.oid::regprocedure::text, f.proowner
      from pg_catalog.pg_proc as f
      where f.pronamespace::regnamespace::text = any ($1)
        and not ${fromExtension('pg_proc', 'f.oid')}
      union all
      select 'schema', n.nspname::text, n.nspowner
      from pg_catalog.pg_namespace as n
      where n.nspname = any ($1)
    ) as found
    where found.owner <> 'stoa_owner'::regrole`,
  examples: {
    bad: `create table scratch.notes (id integer);
grant create on schema scratch to stoa_worker;
alter table scratch.notes owner to stoa_worker;`,
    good: 'create table scratch.notes (id integer);',
  },
};
