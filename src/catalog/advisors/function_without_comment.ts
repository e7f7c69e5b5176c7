import { type Advisor, fromExtension } from './advisor.ts';

export const functionWithoutComment: Advisor = {
  name: 'function_without_comment',
  level: 'error',
  title: 'A function without a comment',
  why: 'A procedure is the write interface: its comment tells what it does, what it refuses and what it costs, in the API and in the schema pages.',
  query: `
    select
      f.oid::regprocedure::text as object,
      'It has no comment.' as detail,
      format('comment on routine %s is ''<text>'';', f.oid::regprocedure) as remediation
    from pg_catalog.pg_proc as f
    where f.pronamespace::regnamespace::text = any ($1)
      and coalesce(pg_catalog.obj_description(f.oid, 'pg_proc'), '') = ''
      and not ${fromExtension('pg_proc', 'f.oid')}`,
  examples: {
    bad: 'create function scratch.one() returns integer language sql return 1;',
    good: `create function scratch.one() returns integer language sql return 1;
comment on function scratch.one() is 'The number one.';`,
  },
};
