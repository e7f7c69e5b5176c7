import type { Advisor } from './advisor.ts';

export const timestampWithoutTimeZone: Advisor = {
  name: 'timestamp_without_time_zone',
  level: 'error',
  title: 'A point in time without its zone',
  why: 'It is a reading of a clock whose place nobody recorded: it shifts with the setting of each session and repeats an hour every autumn.',
  query: `
    select
      format('%s.%I', c.oid::regclass, a.attname) as object,
      format('Its type is %s.', format_type(a.atttypid, a.atttypmod)) as detail,
      case a.atttypid
        when 'timestamp'::regtype then
          format('alter table %s alter column %I type timestamptz using %I at time zone ''UTC'';', c.oid::regclass, a.attname, a.attname)
        -- An array is cast element by element, in the zone of the session.
        else format('begin; set local timezone = ''UTC''; alter table %s alter column %I type timestamptz[]; commit;', c.oid::regclass, a.attname)
      end as remediation
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace::regnamespace::text = any ($1)
      and c.relkind in ('r', 'p')
      and not c.relispartition
      and a.atttypid in ('timestamp'::regtype, 'timestamp[]'::regtype)`,
  examples: {
    bad: 'create table scratch.notes (written_at timestamp);',
    good: 'create table scratch.notes (written_at timestamptz, written_on date);',
  },
};
