-- Why: what is defined in sql/ops: 4 functions, policies of 9 tables, as they stand under sql/.
-- Locks: none on tables.
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/functions/drop_expired_partitions.sql
create or replace function ops.drop_expired_partitions(p_parent text default null, p_now timestamptz default now())
returns setof text
language plpgsql
volatile
-- Partitions belong to the owner; the job that calls this does not.
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  policy ops.partition_policies;
  expired record;
  is_exported boolean;
  has_rows boolean;
begin
  for policy in
    select *
    from ops.partition_policies
    where retain is not null
      and (p_parent is null or parent = p_parent)
    order by parent
  loop
    perform pg_advisory_xact_lock(hashtextextended('ops.ensure_partitions:' || policy.parent, 0));

    for expired in
      select bound.partition
      from ops.partition_bounds(policy.parent) as bound
      where bound.upper_bound <= p_now - policy.retain
      order by bound.upper_bound
    loop
      if policy.export_before_drop then
        select exists (
          select
          from ops.archive_exports as export
          where export.parent = policy.parent
            and export.partition = expired.partition
            and export.verified_at is not null
        )
        into is_exported;

        execute format('select exists (select from %s)', expired.partition::regclass) into has_rows;

        -- Left in place, and counted by ops.partition_status, until an export of it was read back.
        continue when has_rows and not is_exported;
      end if;

      execute format('alter table %s detach partition %s', policy.parent::regclass, expired.partition::regclass);
      execute format('drop table %s', expired.partition::regclass);

      update ops.archive_exports
      set dropped_at = p_now
      where parent = policy.parent
        and partition = expired.partition;

      return next expired.partition;
    end loop;
  end loop;
end
$$;

comment on function ops.drop_expired_partitions(text, timestamptz) is
  'Drops the partitions whose rows are all older than the retention of their table and returns their names; of a table that is exported first only those with a verified export, or without rows. Takes ACCESS EXCLUSIVE on the parent for a moment and waits at most 5 s for it.';

revoke all on function ops.drop_expired_partitions(text, timestamptz) from public;
grant execute on function ops.drop_expired_partitions(text, timestamptz) to stoa_worker;

-- Object: ops/functions/partition_bounds.sql
create or replace function ops.partition_bounds(p_parent text)
returns table (partition text, upper_bound timestamptz)
language sql
stable
set search_path = ''
begin atomic
  select
    child.oid::regclass::text,
    case policy.key_kind
      when 'uuidv7' then core.uuidv7_time(bound.upper_value::uuid)
      else bound.upper_value::timestamptz
    end
  from ops.partition_policies as policy
  join pg_catalog.pg_inherits as link on link.inhparent = policy.parent::regclass
  join pg_catalog.pg_class as child on child.oid = link.inhrelid
  cross join lateral (
    select substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)$') as upper_value
  ) as bound
  where policy.parent = p_parent;
end;

comment on function ops.partition_bounds(text) is
  'The partitions of a registered table and the moment before which their rows lie.';

revoke all on function ops.partition_bounds(text) from public;
grant execute on function ops.partition_bounds(text) to stoa_worker;

-- Object: ops/functions/partition_status.sql
create or replace function ops.partition_status(p_now timestamptz default now())
returns table (parent text, partitions integer, ahead integer, ahead_wanted integer, expired integer, covered_until timestamptz)
language sql
stable
begin atomic
  select
    policy.parent,
    count(bound.partition)::integer,
    greatest((count(*) filter (where bound.upper_bound > p_now))::integer - 1, 0),
    policy.ahead::integer,
    (count(*) filter (where bound.upper_bound <= p_now - policy.retain))::integer,
    max(bound.upper_bound)
  from ops.partition_policies as policy
  left join lateral ops.partition_bounds(policy.parent) as bound on true
  group by policy.parent, policy.ahead, policy.retain
  order by policy.parent;
end;

comment on function ops.partition_status(timestamptz) is
  'For each registered table: how many partitions it has, how many lie ahead of p_now (fewer than 2 is an alarm), how many should, how many are past their retention, and until when rows can be written.';

revoke all on function ops.partition_status(timestamptz) from public;
grant execute on function ops.partition_status(timestamptz) to stoa_worker;

-- Object: ops/functions/run_retention.sql
create or replace function ops.run_retention(
  p_name text,
  p_now timestamptz default now(),
  p_after jsonb default null
)
returns table (rows_affected bigint, next_after jsonb)
language plpgsql
volatile
-- Deletes in tables of every module.
security definer
set search_path = ''
as $$
declare
  rule ops.retention_policies;
  keys text;
  target_keys text;
  key_match text;
  cursor_keys text;
  work text;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;

  rows_affected := 0;
  if rule.is_active and rule.action <> 'archive' then
    select
      string_agg(quote_ident(attribute.attname), ', ' order by part.position),
      string_agg('target.' || quote_ident(attribute.attname), ', ' order by part.position),
      string_agg(format('target.%1$I = doomed.%1$I', attribute.attname), ' and ' order by part.position),
      string_agg(
        format('($1 ->> %s)::%s', part.position - 1, format_type(attribute.atttypid, attribute.atttypmod)),
        ', ' order by part.position
      )
    into keys, target_keys, key_match, cursor_keys
    from pg_catalog.pg_index as index_entry
    cross join lateral unnest(index_entry.indkey::smallint[]) with ordinality as part (number, position)
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = index_entry.indrelid
     and attribute.attnum = part.number
    where index_entry.indrelid = rule.target::regclass
      and index_entry.indisprimary;

    if keys is null then
      raise exception 'table "%" has no primary key to go through', rule.target using errcode = 'XX000';
    end if;

    work := case rule.action
      when 'delete' then format('delete from %s as target using doomed where %s', rule.target::regclass, key_match)
      else format(
        'update %s as target set %s from doomed where %s',
        rule.target::regclass,
        (select string_agg(quote_ident(name) || ' = null', ', ') from unnest(rule.scrub_columns) as name),
        key_match
      )
    end;

    execute format(
      $query$
        with doomed as (
          select %1$s
          from %2$s as target
          where (%3$s)
            and ($1 is null or (%1$s) > (%4$s))
          order by %1$s
          limit %5$s
          for update skip locked
        ),
        done as (
          %6$s
          returning %1$s
        )
        select
          (select count(*) from done),
          -- A full batch means that there may be more; the next one continues after its last key.
          (select jsonb_build_array(%7$s) from doomed order by %8$s limit 1 offset %5$s - 1)
      $query$,
      target_keys,
      rule.target::regclass,
      replace(rule.predicate, ':now', quote_literal(p_now) || '::timestamptz'),
      cursor_keys,
      rule.batch_size,
      work,
      keys,
      keys
    )
    into rows_affected, next_after
    using p_after;
  end if;

  update ops.retention_policies
  set last_run_at = p_now,
      last_deleted = case when p_after is null then 0 else coalesce(last_deleted, 0) end + run_retention.rows_affected
  where name = p_name;

  return next;
end
$$;

comment on function ops.run_retention(text, timestamptz, jsonb) is
  'Worker: applies one retention rule to one batch of rows, by primary key, and returns how many it deleted or scrubbed and where the next batch starts; null there means that the pass is complete. Each batch is its own transaction of the caller. Rows that somebody has locked are left for the next night. A rule that is off or of action archive does nothing.';

revoke all on function ops.run_retention(text, timestamptz, jsonb) from public;
grant execute on function ops.run_retention(text, timestamptz, jsonb) to stoa_worker;

-- Object: ops/policies/archive_exports.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.archive_exports from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.archive_exports to stoa_worker;

-- Object: ops/policies/backup_runs.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.backup_runs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.backup_runs to stoa_worker;

-- Object: ops/policies/backup_tiers.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.backup_tiers from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.backup_tiers to stoa_worker;

-- Object: ops/policies/counter_repairs.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.counter_repairs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert on ops.counter_repairs to stoa_worker;

-- Object: ops/policies/job_runs.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.job_runs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.job_runs to stoa_worker;

-- Object: ops/policies/partition_policies.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.partition_policies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.partition_policies to stoa_worker;

-- Object: ops/policies/personal_data_rules.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.personal_data_rules from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.personal_data_rules to stoa_worker;

-- Object: ops/policies/restore_tests.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.restore_tests from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.restore_tests to stoa_worker;

-- Object: ops/policies/retention_policies.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.retention_policies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.retention_policies to stoa_worker;

-- End of objects

-- Down Migration

drop function ops.run_retention(text, timestamptz, jsonb);
drop function ops.partition_status(timestamptz);
drop function ops.partition_bounds(text);
drop function ops.drop_expired_partitions(text, timestamptz);
revoke all on table ops.archive_exports from stoa_worker;
revoke all on table ops.backup_runs from stoa_worker;
revoke all on table ops.backup_tiers from stoa_worker;
revoke all on table ops.counter_repairs from stoa_worker;
revoke all on table ops.job_runs from stoa_worker;
revoke all on table ops.partition_policies from stoa_worker;
revoke all on table ops.personal_data_rules from stoa_worker;
revoke all on table ops.restore_tests from stoa_worker;
revoke all on table ops.retention_policies from stoa_worker;
