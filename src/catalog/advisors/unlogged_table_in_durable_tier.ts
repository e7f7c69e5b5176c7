import type { Advisor } from './advisor.ts';

export const unloggedTableInDurableTier: Advisor = {
  name: 'unlogged_table_in_durable_tier',
  level: 'error',
  title: 'An unlogged table that claims to be backed up',
  why: 'A crash empties it, a base backup does not contain it and a replica never has it. Only tier D, what may be lost, tells the truth about it.',
  query: `
    select
      c.oid::regclass::text as object,
      format('It is UNLOGGED and in tier %s: log it, or say in ops.backup_tiers that it may be lost (D).', t.tier) as detail,
      format('alter table %s set logged;', c.oid::regclass) as remediation
    from pg_catalog.pg_class as c
    join ops.backup_tiers as t on to_regclass(t.table_name) = c.oid
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relpersistence = 'u'
      and t.tier <> 'D'`,
  examples: {
    bad: `create unlogged table scratch.notes (id integer);
insert into ops.backup_tiers (table_name, tier) values ('scratch.notes', 'A');`,
    good: `create unlogged table scratch.notes (id integer);
insert into ops.backup_tiers (table_name, tier) values ('scratch.notes', 'D');`,
  },
};
