import type { Advisor } from './advisor.ts';

export const partitionedTableWithoutPolicy: Advisor = {
  name: 'partitioned_table_without_policy',
  level: 'error',
  title: 'A partitioned table without a partition policy',
  why: 'There is no DEFAULT partition: partitions are made ahead by the job that reads ops.partition_policies. Without a row there, inserts fail on the first day of a month that nobody prepared.',
  query: `
    select
      c.oid::regclass::text as object,
      format('Partitioned by %s, and ops.partition_policies does not name it.', pg_catalog.pg_get_partkeydef(c.oid)) as detail,
      format('insert into ops.partition_policies (parent, key_kind) values (%L, %L);', c.oid::regclass,
        case key.atttypid
          when 'uuid'::regtype then 'uuidv7'
          when 'timestamptz'::regtype then 'timestamptz'
          else '<key_kind>'
        end) as remediation
    from pg_catalog.pg_class as c
    join pg_catalog.pg_partitioned_table as p on p.partrelid = c.oid
    left join pg_catalog.pg_attribute as key on key.attrelid = c.oid and key.attnum = p.partattrs[0]
    where c.relnamespace::regnamespace::text = any ($1)
      and not c.relispartition
      -- Hash partitions are made once and for all: there is nothing to make ahead.
      and p.partstrat = 'r'
      and not exists (select from ops.partition_policies as o where to_regclass(o.parent) = c.oid)`,
  examples: {
    bad: 'create table scratch.events (id uuid not null) partition by range (id);',
    good: `create table scratch.events (id uuid not null) partition by range (id);
insert into ops.partition_policies (parent, key_kind) values ('scratch.events', 'uuidv7');`,
  },
};
