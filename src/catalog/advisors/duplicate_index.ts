import type { Advisor } from './advisor.ts';

export const duplicateIndex: Advisor = {
  name: 'duplicate_index',
  level: 'error',
  title: 'Two indexes of one definition',
  why: 'The second one is written on every change, fills memory, and is never chosen.',
  query: `
    with definition as (
      select
        i.indexrelid,
        i.indrelid,
        -- What follows USING: method, keys, operator classes, order, INCLUDE, storage and WHERE.
        regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), '^.*? USING ', '') as body,
        i.indisunique,
        c.relkind = 'p' as is_partitioned,
        exists (select from pg_catalog.pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')) as is_constraint
      from pg_catalog.pg_index as i
      join pg_catalog.pg_class as c on c.oid = i.indrelid
      where c.relnamespace::regnamespace::text = any ($1)
        and not c.relispartition
    )
    -- Of three, each spare one is told once.
    select distinct on (spare.indexrelid)
      spare.indexrelid::regclass::text as object,
      format('It has the same definition as %s: %s.', kept.indexrelid::regclass, kept.body) as detail,
      -- The index of a partitioned table cannot be dropped concurrently.
      format(case when spare.is_partitioned then 'drop index %s;' else 'drop index concurrently %s;' end, spare.indexrelid::regclass) as remediation
    from definition as spare
    join definition as kept on kept.indrelid = spare.indrelid and kept.body = spare.body and kept.indexrelid <> spare.indexrelid
    where not spare.is_constraint
      -- Of two, the one that keeps a rule stays, then the older.
      and (kept.is_constraint, kept.indisunique, spare.indexrelid) > (spare.is_constraint, spare.indisunique, kept.indexrelid)
    order by spare.indexrelid, kept.is_constraint desc, kept.indisunique desc, kept.indexrelid`,
  examples: {
    bad: `create table scratch.notes (id integer, written_on date);
create index notes_first_idx on scratch.notes (written_on);
create index notes_second_idx on scratch.notes (written_on);`,
    good: `create table scratch.notes (id integer, written_on date);
create index notes_first_idx on scratch.notes (written_on);
create index notes_second_idx on scratch.notes (written_on) where id is not null;`,
  },
};
