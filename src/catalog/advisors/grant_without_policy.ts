import { type Advisor, apiRoles } from './advisor.ts';

export const grantWithoutPolicy: Advisor = {
  name: 'grant_without_policy',
  level: 'error',
  title: 'A grant that no policy backs',
  why: 'With row-level security on and no policy for the command, the role may ask and always gets nothing: the API shows a type that is for ever empty, and an update that says "0 rows" where it should say "not allowed".',
  query: `
    with unbacked as (
      select c.oid, command.privilege, command.polcmd, array_agg(r.name order by r.name) as roles
      from pg_catalog.pg_class as c
      cross join unnest(${apiRoles}) as r (name)
      cross join (values ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) as command (privilege, polcmd)
      where c.relnamespace::regnamespace::text = any ($1)
        and c.relkind in ('r', 'p')
        and c.relrowsecurity
        and not c.relispartition
        and (
          has_table_privilege(r.name, c.oid, command.privilege)
          or (command.privilege <> 'DELETE' and has_any_column_privilege(r.name, c.oid, replace(command.privilege, 'DELETE', 'SELECT')))
        )
        and not exists (
          select
          from pg_catalog.pg_policy as p
          cross join unnest(p.polroles) as holder (oid)
          where p.polrelid = c.oid
            and p.polpermissive
            and p.polcmd::text in (command.polcmd, '*')
            and (holder.oid = 0 or pg_has_role(r.name, holder.oid, 'usage'))
        )
      group by c.oid, command.privilege, command.polcmd
    )
    select
      c.oid::regclass::text as object,
      format('%s may %s, and no policy for that command holds for it: take the right away, or write the policy.',
        array_to_string(unbacked.roles, ', '), lower(unbacked.privilege)) as detail,
      format('revoke %s on %s from %s;', lower(unbacked.privilege), c.oid::regclass, held.grantees)
        -- Who has a policy, and held the right through one of those, keeps it.
        || coalesce(
          ' grant ' || lower(unbacked.privilege) || case when held.is_whole then '' else format(' (%s)', held.columns) end
            || ' on ' || c.oid::regclass || ' to ' || kept.roles || ';',
          ''
        ) as remediation
    from unbacked
    join pg_catalog.pg_class as c on c.oid = unbacked.oid
    cross join lateral (
      select
        string_agg(distinct case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end, ', ') as grantees,
        bool_or(granted.attname is null) as is_whole,
        string_agg(distinct quote_ident(granted.attname), ', ') as columns
      from (
        select acl.grantee, acl.privilege_type, null::name as attname
        from pg_catalog.aclexplode(c.relacl) as acl
        union all
        select acl.grantee, acl.privilege_type, a.attname
        from pg_catalog.pg_attribute as a
        cross join pg_catalog.aclexplode(a.attacl) as acl
        where a.attrelid = c.oid
      ) as granted
      where granted.privilege_type = unbacked.privilege
        and granted.grantee <> c.relowner
        and (
          granted.grantee = 0
          or exists (select from unnest(unbacked.roles) as r (name) where pg_has_role(r.name, granted.grantee, 'usage'))
        )
    ) as held
    cross join lateral (
      select string_agg(distinct holder.oid::regrole::text, ', ') as roles
      from pg_catalog.pg_policy as p
      cross join unnest(p.polroles) as holder (oid)
      where p.polrelid = c.oid
        and p.polpermissive
        and p.polcmd::text in (unbacked.polcmd, '*')
        and holder.oid <> 0
        and (
          has_table_privilege(holder.oid, c.oid, unbacked.privilege)
          or (unbacked.privilege <> 'DELETE'
            and has_any_column_privilege(holder.oid, c.oid, replace(unbacked.privilege, 'DELETE', 'SELECT')))
        )
    ) as kept`,
  examples: {
    bad: `create table scratch.notes (id integer);
alter table scratch.notes enable row level security;
grant select on scratch.notes to stoa_member;
create policy staff on scratch.notes for select to stoa_moderator using (true);`,
    good: `create table scratch.notes (id integer);
alter table scratch.notes enable row level security;
grant select on scratch.notes to stoa_moderator;
create policy staff on scratch.notes for select to stoa_moderator using (true);`,
  },
};
