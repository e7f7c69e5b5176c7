import type { Advisor } from './advisor.ts';

export const tableWithoutBackupTier: Advisor = {
  name: 'table_without_backup_tier',
  level: 'error',
  title: 'A table without a backup tier',
  why: 'Logical dumps and the order of a restore are made from the tiers. A table that is in none of them is in no dump, and nobody notices until it is needed.',
  query: `
    select
      c.oid::regclass::text as object,
      'ops.backup_tiers does not name it.' as detail,
      format('insert into ops.backup_tiers (table_name, tier) values (%L, ''B'');', c.oid::regclass) as remediation
    from pg_catalog.pg_class as c
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind in ('r', 'p')
      and not c.relispartition
      and not exists (select from ops.backup_tiers as t where to_regclass(t.table_name) = c.oid)`,
  examples: {
    bad: 'create table scratch.notes (id integer primary key);',
    good: `create table scratch.notes (id integer primary key);
insert into ops.backup_tiers (table_name, tier) values ('scratch.notes', 'B');`,
  },
};
