import type { Advisor } from './advisor.ts';

export const policyWithoutGrant: Advisor = {
  name: 'policy_without_grant',
  level: 'error',
  title: 'A policy for a role that has no grant',
  why: 'It looks as if the role could do something, and it cannot. Either the grant was forgotten or the policy is left over.',
  query: `
    select
      format('%s: %I', p.polrelid::regclass, p.polname) as object,
      format('It is for %s, which may not %s: take the role out of it, or grant what it is for.',
        string_agg(holder.oid::regrole::text, ', ' order by holder.oid::regrole::text), command.name) as detail,
      -- What is taken out had no effect.
      case
        when count(*) = cardinality(p.polroles) then format('drop policy %I on %s;', p.polname, c.oid::regclass)
        else format('alter policy %I on %s to %s;', p.polname, c.oid::regclass, (
          select string_agg(kept.oid::regrole::text, ', ')
          from unnest(p.polroles) as kept (oid)
          where not kept.oid = any (array_agg(holder.oid))
        ))
      end as remediation
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    cross join unnest(p.polroles) as holder (oid)
    cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as command (name, polcmd)
    where c.relnamespace::regnamespace::text = any ($1)
      and p.polcmd::text = command.polcmd
      and holder.oid <> 0
      and not has_table_privilege(holder.oid, c.oid, command.name)
      and not (
        command.name <> 'delete'
        and has_any_column_privilege(holder.oid, c.oid, replace(command.name, 'delete', 'select'))
      )
    group by p.oid, p.polname, p.polrelid, p.polroles, c.oid, command.name`,
  examples: {
    bad: `create table scratch.notes (id integer, body text);
create policy own on scratch.notes for update to stoa_member using (true);
grant select on scratch.notes to stoa_member;`,
    good: `create table scratch.notes (id integer, body text);
create policy own on scratch.notes for update to stoa_member using (true);
grant update (body) on scratch.notes to stoa_member;`,
  },
};
