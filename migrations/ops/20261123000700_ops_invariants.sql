-- Why: a database that was migrated, imported into, restored or repaired should be able to say whether it still agrees
-- with itself. Each module registers here what must hold about its tables, as a query that finds what breaks it; the
-- command "stoa doctor invariants" runs them all in one snapshot. Locks: none on anything that holds data, and the
-- catalog for an instant. Back: drops the registry; nothing else depends on it.

-- Up Migration

create table ops.invariants (
  name text not null,
  module text not null,
  description text not null,
  query text not null,
  constraint invariants_pkey primary key (name),
  constraint invariants_name_check check (name ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$' and starts_with(name, module || '.'))
);

comment on table ops.invariants is
  'What must hold about the data, by module: every copy equals what it was copied from, every sum comes out. Read and run by operators alone.';
comment on column ops.invariants.name is 'Module, table and what it is about, such as forums.posts.comment_count.';
comment on column ops.invariants.module is 'The module whose migration registered it.';
comment on column ops.invariants.description is 'What holds while all is well, for people.';
comment on column ops.invariants.query is 'Finds what breaks it: a row for each offence with three texts, subject (which row), expected and found. It only reads, names every object with its schema, and sees the whole database in one snapshot.';
comment on index ops.invariants_pkey is 'One invariant by its name; the names of a module follow one another.';
comment on constraint invariants_name_check on ops.invariants is 'A dotted machine name that begins with the module.';

alter table ops.invariants enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ops.invariants', 'A');

insert into ops.invariants (name, module, description, query) values
  (
    'ops.partitions.registered',
    'ops',
    'Every table that is partitioned by range has a partition policy, so that somebody makes its partitions.',
    $query$
      select parent.oid::regclass::text as subject, 'a row of ops.partition_policies' as expected, 'none' as found
      from pg_catalog.pg_partitioned_table as partitioned
      join pg_catalog.pg_class as parent on parent.oid = partitioned.partrelid
      where partitioned.partstrat = 'r'
        and not exists (
          select from ops.partition_policies as policy where to_regclass(policy.parent) = parent.oid
        )
    $query$
  ),
  (
    'ops.partitions.attached',
    'ops',
    'Every table of the schema parts is a partition: one that is not holds rows that nobody sees.',
    $query$
      select part.oid::regclass::text as subject, 'a partition' as expected, 'a table by itself' as found
      from pg_catalog.pg_class as part
      where part.relnamespace = 'parts'::regnamespace
        and part.relkind in ('r', 'p')
        and not part.relispartition
    $query$
  ),
  (
    'ops.partitions.contiguous',
    'ops',
    'The partitions of a table lie in parts, have row-level security, and follow one another without a gap and without a DEFAULT.',
    $query$
      select bound.partition as subject, bound.expected, bound.found
      from (
        select
          child.oid::regclass::text as partition,
          complaint.expected,
          complaint.found
        from ops.partition_policies as policy
        join pg_catalog.pg_inherits as link on link.inhparent = to_regclass(policy.parent)
        join pg_catalog.pg_class as child on child.oid = link.inhrelid
        cross join lateral (
          values
            ('schema parts', child.relnamespace::regnamespace::text, child.relnamespace = 'parts'::regnamespace),
            ('row-level security', 'none', child.relrowsecurity),
            ('two ends', 'DEFAULT', pg_get_expr(child.relpartbound, child.oid) <> 'DEFAULT')
        ) as complaint (expected, found, is_right)
        where not complaint.is_right
        union all
        select
          ranges.partition,
          'a start at ' || ranges.end_before,
          'a start at ' || ranges.lower_value
        from (
          select
            child.oid::regclass::text as partition,
            ends.lower_value,
            lag(ends.upper_value) over (partition by policy.parent order by ends.upper_value) as end_before
          from ops.partition_policies as policy
          join pg_catalog.pg_inherits as link on link.inhparent = to_regclass(policy.parent)
          join pg_catalog.pg_class as child on child.oid = link.inhrelid
          cross join lateral (
            select
              substring(pg_get_expr(child.relpartbound, child.oid) from 'FROM \(''?([^'']+?)''?\) TO') as lower_value,
              substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)$') as upper_value
          ) as ends
          where ends.upper_value is not null
        ) as ranges
        where ranges.end_before <> ranges.lower_value
      ) as bound
    $query$
  ),
  (
    'ops.partitions.ahead',
    'ops',
    'Rows can be written now and for two more periods: fewer partitions ahead mean that the job that makes them stands still.',
    $query$
      select status.parent as subject, 'at least 2 partitions ahead' as expected, status.ahead || ' ahead' as found
      from ops.partition_status(now()) as status
      where status.ahead < 2 or status.covered_until is null or status.covered_until <= now()
    $query$
  );

-- Down Migration

delete from ops.backup_tiers where table_name = 'ops.invariants';
drop table ops.invariants;
