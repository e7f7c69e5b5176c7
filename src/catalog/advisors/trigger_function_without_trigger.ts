import { type Advisor, fromExtension } from './advisor.ts';

export const triggerFunctionWithoutTrigger: Advisor = {
  name: 'trigger_function_without_trigger',
  level: 'error',
  title: 'A trigger function that no trigger calls',
  why: 'The rule or the counter it keeps is not kept: the trigger was forgotten, dropped, or disabled.',
  query: `
    select
      f.oid::regprocedure::text as object,
      case
        when asleep.statements is null then 'It returns trigger, and no trigger calls it: create one, or drop the function.'
        else 'It returns trigger, and each trigger that calls it is disabled.'
      end as detail,
      coalesce(asleep.statements, format('drop function %s;', f.oid::regprocedure)) as remediation
    from pg_catalog.pg_proc as f
    cross join lateral (
      select string_agg(format('alter table %s enable trigger %I;', t.tgrelid::regclass, t.tgname), ' ' order by t.oid) as statements
      from pg_catalog.pg_trigger as t
      where t.tgfoid = f.oid and t.tgparentid = 0
    ) as asleep
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
