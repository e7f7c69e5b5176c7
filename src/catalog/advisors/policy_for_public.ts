import type { Advisor } from './advisor.ts';

export const policyForPublic: Advisor = {
  name: 'policy_for_public',
  level: 'error',
  title: 'A policy that names no role',
  why: 'It holds for every role there is and ever will be, the sign-in and the worker logins included, and it is evaluated for all of them.',
  query: `
    select
      format('%s: %I', p.polrelid::regclass, p.polname) as object,
      'It holds for PUBLIC.' as detail,
      format('alter policy %I on %s to stoa_member;', p.polname, p.polrelid::regclass) as remediation
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    where c.relnamespace::regnamespace::text = any ($1)
      and 0 = any (p.polroles)`,
  examples: {
    bad: `create table scratch.notes (id integer);
create policy everyone on scratch.notes for select using (true);`,
    good: `create table scratch.notes (id integer);
create policy everyone on scratch.notes for select to stoa_anonymous using (true);`,
  },
};
