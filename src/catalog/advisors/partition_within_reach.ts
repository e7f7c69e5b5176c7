import { type Advisor, apiRoles, granteesOfRelation } from './advisor.ts';

export const partitionWithinReach: Advisor = {
  name: 'partition_within_reach',
  level: 'error',
  title: 'A partition that a role of the API can name',
  why: 'Policies are those of the table that a query names: reading a partition directly goes past the policies of its parent.',
  query: `
    select
      c.oid::regclass::text as object,
      format('%s can reach it: %s.', string_agg(r.name, ', ' order by r.name),
        case when c.relnamespace::regnamespace::text <> 'parts' then 'it is outside the schema parts' else 'a grant on it, or on the schema' end) as detail,
      concat_ws(' ',
        'revoke all on ' || c.oid::regclass || ' from ' || min(held.grantees) || ';',
        'revoke usage on schema parts from ' || min(opened.grantees) || ';',
        case when c.relnamespace::regnamespace::text <> 'parts' then format('alter table %s set schema parts;', c.oid::regclass) end
      ) as remediation
    from pg_catalog.pg_class as c
    cross join lateral (select ${granteesOfRelation} as grantees) as held
    cross join lateral (
      select string_agg(distinct case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end, ', ') as grantees
      from pg_catalog.pg_namespace as n
      cross join pg_catalog.aclexplode(n.nspacl) as granted
      where n.nspname = 'parts'
        and granted.privilege_type = 'USAGE'
        and granted.grantee <> n.nspowner
        and (
          granted.grantee = 0
          or exists (select from unnest(${apiRoles}) as api (name) where pg_has_role(api.name, granted.grantee, 'usage'))
        )
    ) as opened
    cross join unnest(${apiRoles}) as r (name)
    where c.relispartition
      and c.relkind in ('r', 'p')
      and exists (
        select
        from pg_catalog.pg_partition_ancestors(c.oid) as ancestor
        join pg_catalog.pg_class as parent on parent.oid = ancestor.relid
        where parent.relnamespace::regnamespace::text = any ($1)
          and parent.oid <> c.oid
      )
      and (
        has_schema_privilege(r.name, c.relnamespace, 'usage') and c.relnamespace::regnamespace::text = 'parts'
        or has_table_privilege(r.name, c.oid, 'select, insert, update, delete')
        or has_any_column_privilege(r.name, c.oid, 'select, insert, update')
      )
    group by c.oid, c.relnamespace`,
  examples: {
    bad: `create table scratch.events (id integer not null) partition by range (id);
create table scratch.events_first partition of scratch.events for values from (0) to (10);
grant select on scratch.events_first to stoa_admin;`,
    good: `create table scratch.events (id integer not null) partition by range (id);
create table parts.scratch_events_first partition of scratch.events for values from (0) to (10);
grant select on scratch.events to stoa_admin;`,
  },
};
