import type { Advisor } from './advisor.ts';

export const registryNamesUnknownObject: Advisor = {
  name: 'registry_names_unknown_object',
  level: 'error',
  title: 'A registry row about a table or column that does not exist',
  why: 'The job that reads the registry fails on it, or, worse, skips it: a retention rule or an erasure rule that is misspelt protects nobody.',
  query: `
    select
      format('%s: %s', named.registry, concat_ws('.', named.table_name, named.column_name)) as object,
      'There is no such table or column: delete the row, or correct the name in it.' as detail,
      format('delete from %s where %I = %L%s;', named.registry, named.key, named.table_name,
        ' and column_name = ' || quote_literal(named.column_name)) as remediation
    from (
      select 'ops.backup_tiers' as registry, 'table_name' as key, table_name, null::text as column_name from ops.backup_tiers
      union all
      select 'ops.partition_policies', 'parent', parent, null from ops.partition_policies
      union all
      select distinct 'ops.retention_policies', 'target', target, null from ops.retention_policies
      union all
      select 'ops.personal_data_rules', 'table_name', table_name, column_name from ops.personal_data_rules
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
