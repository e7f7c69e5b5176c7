import { type Advisor, fromExtension } from './advisor.ts';

export const functionWithoutSearchPath: Advisor = {
  name: 'function_without_search_path',
  level: 'error',
  title: 'A function whose names are looked up in the caller’s search path',
  why: 'The caller decides which tables, functions and operators it means. In a security definer function that is a way to become stoa_owner; in any other it is a way to break it.',
  query: `
    select
      f.oid::regprocedure::text as object,
      case
        when f.prosecdef then 'A security definer function with a search path that is not empty.'
        else 'Its body is looked up when it runs, and its search path is not empty.'
      end as detail,
      format('alter routine %s set search_path = '''';', f.oid::regprocedure) as remediation
    from pg_catalog.pg_proc as f
    join pg_catalog.pg_language as l on l.oid = f.prolang
    where f.pronamespace::regnamespace::text = any ($1)
      and f.prokind in ('f', 'p')
      and l.lanname in ('sql', 'plpgsql')
      -- A body that was bound at creation holds no names to look up; a definer function is held to the stricter rule.
      and (f.prosecdef or f.prosqlbody is null)
      and not coalesce('search_path=""' = any (f.proconfig), false)
      and not ${fromExtension('pg_proc', 'f.oid')}`,
  examples: {
    bad: `create function scratch.everybody() returns bigint language sql stable security definer
  begin atomic select count(*) from core.users; end;`,
    good: `create function scratch.everybody() returns bigint language sql stable security definer set search_path = ''
  begin atomic select count(*) from core.users; end;`,
  },
};
