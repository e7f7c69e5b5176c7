import { type Advisor, fromExtension } from './advisor.ts';

export const triggerFunctionWithoutTrigger: Advisor = {
  name: 'trigger_function_without_trigger',
  level: 'error',
  title: 'A trigger function that no trigger calls',
  why: 'The rule or the counter it keeps is not kept: the trigger was forgotten, dropped, or disabled.',
  query: `
    select
      f.oid::regprocedure::text as object,
      'It returns trigger, and no enabled trigger calls it.' as detail,
      format('create trigger … execute function %s; or drop function %s;', f.oid::regprocedure, f.oid::regprocedure) as remediation
    from pg_catalog.pg_proc as f
    where f.pronamespace::regnamespace::text = any ($1)
      and f.prorettype = 'trigger'::regtype
      and not exists (
        select from pg_catalog.pg_trigger as t where t.tgfoid = f.oid and t.tgenabled in ('O', 'A')
      )
      and not ${fromExtension('pg_proc', 'f.oid')}`,
  examples: {
    bad: `create table scratch.notes (id integer);
create function scratch.refuse() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger refuse before delete on scratch.notes for each row execute function scratch.refuse();
alter table scratch.notes disable trigger refuse;`,
    good: `create table scratch.notes (id integer);
create function scratch.refuse() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger refuse before delete on scratch.notes for each row execute function scratch.refuse();`,
  },
};
