import type { Advisor } from './advisor.ts';

export const updatedAtWithoutTouchTrigger: Advisor = {
  name: 'updated_at_without_touch_trigger',
  level: 'warning',
  title: 'A column updated_at that nothing keeps',
  why: 'It tells the time of the insert for ever, and whoever synchronises by it misses every change.',
  query: `
    select
      c.oid::regclass::text as object,
      case
        when asleep.statements is null then 'It has a column updated_at and no trigger that calls core.touch_updated_at().'
        else 'It has a column updated_at, and the trigger that calls core.touch_updated_at() is disabled.'
      end as detail,
      coalesce(
        asleep.statements,
        format('create trigger touch before update on %s for each row execute function core.touch_updated_at();', c.oid::regclass)
      ) as remediation
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped
    cross join lateral (
      select string_agg(format('alter table %s enable trigger %I;', t.tgrelid::regclass, t.tgname), ' ' order by t.oid) as statements
      from pg_catalog.pg_trigger as t
      where t.tgrelid = c.oid and t.tgfoid = to_regprocedure('core.touch_updated_at()')
    ) as asleep
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind in ('r', 'p')
      and not c.relispartition
      and not exists (
        select
        from pg_catalog.pg_trigger as t
        where t.tgrelid = c.oid
          and t.tgfoid = to_regprocedure('core.touch_updated_at()')
          and t.tgenabled in ('O', 'A')
      )`,
  examples: {
    bad: 'create table scratch.notes (id integer, updated_at timestamptz not null default now());',
    good: `create table scratch.notes (id integer, updated_at timestamptz not null default now());
create trigger touch before update on scratch.notes for each row execute function core.touch_updated_at();`,
  },
};
