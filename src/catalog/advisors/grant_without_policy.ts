import { type Advisor, apiRoles } from './advisor.ts';

export const grantWithoutPolicy: Advisor = {
  name: 'grant_without_policy',
  level: 'error',
  title: 'A grant that no policy backs',
  why: 'With row-level security on and no policy for the command, the role may ask and always gets nothing: the API shows a type that is for ever empty, and an update that says "0 rows" where it should say "not allowed".',
  query: `
    select
      c.oid::regclass::text as object,
      format('%s may %s, and no policy for that command holds for it.', r.name, lower(command.privilege)) as detail,
      format('create policy … on %s for %s to %s …; or revoke the grant.', c.oid::regclass, lower(command.privilege), r.name) as remediation
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
      )`,
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
