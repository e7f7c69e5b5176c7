import type { Advisor } from './advisor.ts';

export const foreignKeyWithoutIndex: Advisor = {
  name: 'foreign_key_without_index',
  level: 'error',
  title: 'A foreign key without a supporting index',
  why: 'Deleting or renumbering a referenced row looks for its children. Without an index that begins with the key, this reads the whole table, under a lock, once for each deleted row.',
  query: `
    select
      format('%s: %I', k.conrelid::regclass, k.conname) as object,
      format('No index of %s begins with (%s).', k.conrelid::regclass, columns.list) as detail,
      -- PostgreSQL builds no index of a partitioned table concurrently.
      format(case c.relkind when 'p' then 'create index on %s (%s);' else 'create index concurrently on %s (%s);' end,
        k.conrelid::regclass, columns.list) as remediation
    from pg_catalog.pg_constraint as k
    join pg_catalog.pg_class as c on c.oid = k.conrelid
    cross join lateral (
      select string_agg(quote_ident(a.attname), ', ' order by key.place) as list
      from unnest(k.conkey) with ordinality as key (attnum, place)
      join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = key.attnum
    ) as columns
    where c.relnamespace::regnamespace::text = any ($1)
      and k.contype = 'f'
      and k.conparentid = 0
      and not exists (
        select
        from pg_catalog.pg_index as i
        join pg_catalog.pg_class as ic on ic.oid = i.indexrelid
        join pg_catalog.pg_am as am on am.oid = ic.relam and am.amname in ('btree', 'hash')
        where i.indrelid = k.conrelid
          and i.indisvalid
          -- indkey counts from 0 and is compared as a set: the order among the key's own columns does not matter.
          and (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(k.conkey)] @> k.conkey
          and (
            i.indpred is null
            -- A partial index serves when it leaves out nothing but null keys, which reference nothing.
            or not exists (
              select
              from regexp_split_to_table(
                regexp_replace(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '[()]', '', 'g'), ' AND '
              ) as term
              where not exists (
                select
                from pg_catalog.pg_attribute as a
                where a.attrelid = k.conrelid
                  and a.attnum = any (k.conkey)
                  and term = quote_ident(a.attname) || ' IS NOT NULL'
              )
            )
          )
      )`,
  examples: {
    bad: `create table scratch.books (id integer primary key);
create table scratch.pages (book_id integer references scratch.books, deleted boolean);
create index pages_book_idx on scratch.pages (book_id) where deleted;`,
    good: `create table scratch.books (id integer primary key);
create table scratch.pages (book_id integer references scratch.books);
create index pages_book_idx on scratch.pages (book_id) where book_id is not null;`,
  },
};
