import { type Advisor, fromExtension } from './advisor.ts';

export const functionOpenToPublic: Advisor = {
  name: 'function_open_to_public',
  level: 'error',
  title: 'A function that PUBLIC may execute',
  why: 'PUBLIC is every login of the server, and the API exposes what its roles may execute. A function is closed until somebody decides who needs it.',
  query: `
    select
      f.oid::regprocedure::text as object,
      'PUBLIC may execute it.' as detail,
      format('revoke all on routine %s from public;', f.oid::regprocedure) as remediation
    from pg_catalog.pg_proc as f
    where f.pronamespace::regnamespace::text = any ($1)
      and exists (
        select
        from pg_catalog.aclexplode(coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) as granted
        where granted.grantee = 0 and granted.privilege_type = 'EXECUTE'
      )
      and not ${fromExtension('pg_proc', 'f.oid')}`,
  examples: {
    bad: `create function scratch.one() returns integer language sql return 1;
grant execute on function scratch.one() to public;`,
    good: `create function scratch.one() returns integer language sql return 1;
revoke all on function scratch.one() from public;
grant execute on function scratch.one() to stoa_member;`,
  },
};
