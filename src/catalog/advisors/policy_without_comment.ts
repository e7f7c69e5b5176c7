import type { Advisor } from './advisor.ts';

export const policyWithoutComment: Advisor = {
  name: 'policy_without_comment',
  level: 'error',
  title: 'A policy without a comment',
  why: 'An expression shows what is compared; only a sentence shows what was meant, and a reviewer needs both to see that they differ.',
  query: `
    select
      format('%s: %I', p.polrelid::regclass, p.polname) as object,
      'It has no comment.' as detail,
      format('comment on policy %I on %s is ''<text>'';', p.polname, p.polrelid::regclass) as remediation
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    where c.relnamespace::regnamespace::text = any ($1)
      and coalesce(pg_catalog.obj_description(p.oid, 'pg_policy'), '') = ''`,
  examples: {
    bad: `create table scratch.notes (id integer primary key);
create policy everyone on scratch.notes for select to stoa_anonymous using (true);`,
    good: `create table scratch.notes (id integer primary key);
create policy everyone on scratch.notes for select to stoa_anonymous using (true);
comment on policy everyone on scratch.notes is 'Notes are public.';`,
  },
};
