import type { Advisor } from './advisor.ts';

export const userReferenceWithoutPersonalDataRule: Advisor = {
  name: 'user_reference_without_personal_data_rule',
  level: 'error',
  title: 'A reference to an account without a personal-data rule',
  why: 'Export and erasure follow the rules in ops.personal_data_rules. A reference without one is forgotten by both, so a person who asked to be erased stays in the table.',
  query: `
    select
      format('%s.%I', k.conrelid::regclass, a.attname) as object,
      format('%s references core.users and has no rule for export and erasure.', k.conname) as detail,
      format(
        'insert into ops.personal_data_rules (table_name, column_name, action, reason) values (%L, %L, ''<action>'', ''<text>'');',
        k.conrelid::regclass, a.attname
      ) as remediation
    from pg_catalog.pg_constraint as k
    join pg_catalog.pg_class as c on c.oid = k.conrelid
    join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
    where c.relnamespace::regnamespace::text = any ($1)
      and k.contype = 'f'
      and k.confrelid = to_regclass('core.users')
      and k.conparentid = 0
      and not c.relispartition
      and not exists (
        select
        from ops.personal_data_rules as r
        where to_regclass(r.table_name) = k.conrelid and r.column_name = a.attname
      )`,
  examples: {
    bad: 'create table scratch.notes (author_id uuid references core.users);',
    good: `create table scratch.notes (author_id uuid references core.users);
insert into ops.personal_data_rules (table_name, column_name, action, reason)
values ('scratch.notes', 'author_id', 'delete', 'The note belongs to its author.');`,
  },
};
