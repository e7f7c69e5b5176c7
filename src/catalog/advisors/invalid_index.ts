import type { Advisor } from './advisor.ts';

export const invalidIndex: Advisor = {
  name: 'invalid_index',
  level: 'error',
  title: 'An index that is not valid',
  why: 'An interrupted CREATE INDEX CONCURRENTLY leaves it behind: it costs every write, serves no read, and a unique one does not hold its rule for old rows. On a partitioned table it means that a partition has no counterpart.',
  query: `
    select
      i.indexrelid::regclass::text as object,
      case
        when ic.relkind = 'I' then 'Not every partition has its counterpart attached.'
        else 'It was left behind by a build that failed or was stopped.'
      end as detail,
      case
        when ic.relkind = 'I' then format('Create the index on each partition and attach it: alter index %s attach partition …;', i.indexrelid::regclass)
        else format('reindex index concurrently %s;', i.indexrelid::regclass)
      end as remediation
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    join pg_catalog.pg_class as ic on ic.oid = i.indexrelid
    where c.relnamespace::regnamespace::text = any ($1 || array['parts'])
      and not (i.indisvalid and i.indisready)
      and (
        c.relnamespace::regnamespace::text <> 'parts'
        or exists (
          select
          from pg_catalog.pg_partition_ancestors(c.oid) as ancestor
          join pg_catalog.pg_class as parent on parent.oid = ancestor.relid
          where parent.relnamespace::regnamespace::text = any ($1)
        )
      )`,
  examples: {
    bad: `create table scratch.events (id integer not null) partition by range (id);
create table scratch.events_first partition of scratch.events for values from (0) to (10);
create index events_id_idx on only scratch.events (id);`,
    good: `create table scratch.events (id integer not null) partition by range (id);
create table scratch.events_first partition of scratch.events for values from (0) to (10);
create index events_id_idx on scratch.events (id);`,
  },
};
