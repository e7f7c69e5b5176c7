import type { Advisor } from './advisor.ts';

export const indexWithoutComment: Advisor = {
  name: 'index_without_comment',
  level: 'error',
  title: 'An index without a comment',
  why: 'Every index slows down every write. Its comment names the access path that pays for it, so that somebody can later tell whether it is still needed.',
  query: `
    select
      i.indexrelid::regclass::text as object,
      format('An index of %s that says nothing of the access path it serves.', i.indrelid::regclass) as detail,
      format('comment on index %s is ''<text>'';', i.indexrelid::regclass) as remediation
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    where c.relnamespace::regnamespace::text = any ($1)
      and not c.relispartition
      -- The index of a constraint is explained by the constraint.
      and not exists (select from pg_catalog.pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
      and coalesce(pg_catalog.obj_description(i.indexrelid, 'pg_class'), '') = ''`,
  examples: {
    bad: `create table scratch.notes (id integer primary key, written_on date);
create index notes_written_on_idx on scratch.notes (written_on);`,
    good: `create table scratch.notes (id integer primary key, written_on date);
create index notes_written_on_idx on scratch.notes (written_on);
comment on index scratch.notes_written_on_idx is 'The notes of one day.';`,
  },
};
