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
        when ic.relkind = 'I' then counterparts.statements
        else format('reindex index concurrently %s;', i.indexrelid::regclass)
      end as remediation
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    join pg_catalog.pg_class as ic on ic.oid = i.indexrelid
    cross join lateral (
      -- What each partition lacks, and then its index attached: attaching the last one makes the whole valid, also
      -- where that one was attached before.
      select string_agg(
        case
          when own.indexrelid is null then
            format('create%s index%s %I on %s using %s; ',
              case when i.indisunique then ' unique' else '' end,
              case part.relkind when 'p' then '' else ' concurrently' end,
              name.fresh, part.oid::regclass,
              regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), '^.*? USING ', ''))
          when not own.indisvalid and part.relkind <> 'p' then format('reindex index concurrently %s; ', own.indexrelid::regclass)
          else ''
        end || format('alter index %s attach partition %s;', i.indexrelid::regclass,
          coalesce(own.indexrelid::regclass::text, format('%I.%I', part.relnamespace::regnamespace, name.fresh))),
        ' ' order by part.oid::regclass::text
      ) as statements
      from pg_catalog.pg_inherits as child
      join pg_catalog.pg_class as part on part.oid = child.inhrelid
      cross join lateral (select left(part.relname || '_' || ic.relname, 63) as fresh) as name
      left join (
        pg_catalog.pg_inherits as attached
        join pg_catalog.pg_index as own on own.indexrelid = attached.inhrelid
      ) on attached.inhparent = i.indexrelid and own.indrelid = part.oid
      where child.inhparent = c.oid
    ) as counterparts
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
