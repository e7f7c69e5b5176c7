import { isOurs, type LiveAdvisor, limit } from './advisor.ts';

export const sequenceNearEnd: LiveAdvisor = {
  name: 'sequence_near_end',
  level: 'error',
  title: 'A sequence that has few numbers left',
  why: 'After the last number every insert fails. Widening the column writes the table anew, under a lock that stops everybody: better planned than forced.',
  query: `
    select
      c.oid::regclass::text as object,
      format('%s of %s numbers are used (%s%%).', s.last_value, s.max_value, round(100.0 * s.last_value / s.max_value)) as what,
      coalesce(
        format('alter table %s alter column %I type bigint; ', owner.refobjid::regclass, attribute.attname),
        ''
      ) || format('alter sequence %s as bigint no maxvalue;', c.oid::regclass) as cure
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_sequences as s on s.schemaname = n.nspname and s.sequencename = c.relname
    left join pg_catalog.pg_depend as owner
      on owner.classid = 'pg_catalog.pg_class'::regclass
      and owner.objid = c.oid
      and owner.refclassid = 'pg_catalog.pg_class'::regclass
      and owner.deptype in ('a', 'i')
    left join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = owner.refobjid and attribute.attnum = owner.refobjsubid
    where c.relkind = 'S'
      and ${isOurs}
      and s.increment_by > 0
      and not s.cycle
      and s.last_value >= s.max_value * ${limit('sequenceShare')}`,
};
