import type { LiveAdvisor } from './advisor.ts';

export const policyAlwaysTrue: LiveAdvisor = {
  name: 'policy_always_true',
  level: 'error',
  title: 'A policy that lets every row be written',
  why: 'With a grant beside it, whoever has the role may change the rows of everybody. A policy for writing names whose rows they are.',
  query: `
    select
      format('%s: %I', p.polrelid::regclass, p.polname) as object,
      format('It lets %s %s any row.',
        (select string_agg(case when role = 0 then 'PUBLIC' else pg_get_userbyid(role)::text end, ', ') from unnest(p.polroles) as role),
        case p.polcmd when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'read and write' end) as what,
      format('drop policy %I on %s;', p.polname, p.polrelid::regclass) as cure
    from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    where c.relnamespace::regnamespace::text = any ($1)
      and p.polpermissive
      and p.polcmd <> 'r'
      -- Administrators configure what belongs to nobody.
      and not (p.polroles <@ array[(select oid from pg_catalog.pg_roles where rolname = 'stoa_admin')])
      and coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') = 'true'
      and coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), 'true') = 'true'`,
};
