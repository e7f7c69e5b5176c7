import type { Advisor } from './advisor.ts';

export const registryNamesUnknownObject: Advisor = {
  name: 'registry_names_unknown_object',
  level: 'error',
  title: 'A registry row about a table or column that does not exist',
  why: 'The job that reads the registry fails on it, or, worse, skips it: a retention rule or an erasure rule that is misspelt protects nobody.',
  query: `
    select
      format('%s: %s', named.registry, concat_ws('.', named.table_name, named.column_name)) as object,
      'There is no such table or column.' as detail,
      format('Correct or delete the row of %s.', named.registry) as remediation
    from (
      select 'ops.backup_tiers' as registry, table_name, null::text as column_name from ops.backup_tiers
      union all
      select 'ops.partition_policies', parent, null from ops.partition_policies
      union all
      select 'ops.retention_policies', target, null from ops.retention_policies
      union all
      select 'ops.personal_data_rules', table_name, column_name from ops.personal_data_rules
    ) as named
    where split_part(named.table_name, '.', 1) = any ($1)
      and (
        to_regclass(named.table_name) is null
        or named.column_name is not null
        and not exists (
          select
          from pg_catalog.pg_attribute as a
          where a.attrelid = to_regclass(named.table_name)
            and a.attname = named.column_name
            and not a.attisdropped
        )
      )`,
  examples: {
    bad: `create table scratch.notes (id integer);
insert into ops.backup_tiers (table_name, tier) values ('scratch.noets', 'B');`,
    good: `create table scratch.notes (id integer);
insert into ops.backup_tiers (table_name, tier) values ('scratch.notes', 'B');`,
  },
};
