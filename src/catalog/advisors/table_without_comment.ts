import type { Advisor } from './advisor.ts';

export const tableWithoutComment: Advisor = {
  name: 'table_without_comment',
  level: 'error',
  title: 'A table or view without a comment',
  why: 'Comments are the documentation: the API and the schema pages print them.',
  query: `
    select
      c.oid::regclass::text as object,
      'It has no comment, or one that is only tags.' as detail,
      format('comment on %s %s is %L;',
        case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
        c.oid::regclass,
        coalesce(rtrim(nullif(pg_catalog.obj_description(c.oid, 'pg_class'), ''), E'\\n') || E'\\n', '') || '<text>') as remediation
    from pg_catalog.pg_class as c
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind in ('r', 'p', 'v', 'm')
      and not c.relispartition
      -- Lines that begin with @ are tags for the API, not text for people.
      and btrim(regexp_replace(coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''), '^(@[^\\n]*(\\n|$))+', ''), E' \\n') = ''`,
  examples: {
    bad: `create table scratch.notes (id integer primary key);
comment on table scratch.notes is '@name note';`,
    good: `create table scratch.notes (id integer primary key);
comment on table scratch.notes is E'@name note\\nWhat people jot down.';`,
  },
};
