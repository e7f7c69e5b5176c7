-- Why: retention in bounded rounds that find their rows by an index, legal holds that it asks, and a gentler end of partitions.
-- New: ops.apply_retention, ops.held_condition, ops.held_ids, ops.held_reason, ops.held_rows, ops.hold_link,
--   ops.is_held, ops.place_hold, ops.primary_key, ops.release_hold, ops.retention_condition,
--   ops.retention_due and 5 more.
-- Changed: ops.drop_expired_partitions, ops.run_retention.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/functions/apply_retention.sql
create or replace function ops.apply_retention(p_name text, p_now timestamptz, p_keys jsonb)
returns bigint
language plpgsql
volatile
-- Deletes in tables of every module.
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
  rule ops.retention_policies;
  held text;
  target_keys text;
  key_match text;
  name_match text;
  key_casts text;
  affected bigint;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;
  if not rule.is_active then
    return 0;
  end if;

  -- A hold that is being placed waits for this batch, or this batch sees it: never neither.
  lock table ops.legal_holds in share mode;
  held := ops.held_condition(rule.target);

  select
    string_agg('target.' || quote_ident(key.name), ', ' order by key.position),
    string_agg(format('target.%1$I = doomed.%1$I', key.name), ' and ' order by key.position),
    -- By numbers: a condition that names a column of the table without "target" must find one column only.
    string_agg(format('target.%I = named.key_%s', key.name, key.position), ' and ' order by key.position),
    string_agg(
      format('(given.keys ->> %s)::%s as key_%s', key.position - 1, key.type, key.position),
      ', '
      order by key.position
    )
  into target_keys, key_match, name_match, key_casts
  from ops.primary_key(rule.target) as key;

  execute format(
    $query$
      with named as materialized (
        select %1$s from jsonb_array_elements($1) as given (keys)
      ),
      doomed as (
        select %2$s
        from named
        join %3$s as target on %4$s
        where (%5$s) and %6$s
        for update of target skip locked
      ),
      done as (
        %7$s
        returning 1
      )
      select count(*) from done
    $query$,
    key_casts,
    target_keys,
    rule.target::regclass,
    name_match,
    ops.retention_condition(p_name, p_now),
    coalesce('not ' || held, 'true'),
    case rule.action
      when 'scrub' then format(
        'update %s as target set %s from doomed where %s',
        rule.target::regclass,
        (select string_agg(quote_ident(name) || ' = null', ', ') from unnest(rule.scrub_columns) as name),
        key_match
      )
      else format('delete from %s as target using doomed where %s', rule.target::regclass, key_match)
    end
  )
  into affected
  using p_keys;

  update ops.retention_policies as policy
  set last_run_at = p_now,
      last_deleted = case when policy.last_run_at = p_now then coalesce(policy.last_deleted, 0) else 0 end + affected
  where policy.name = p_name;
  return affected;
end
$$;

comment on function ops.apply_retention(text, timestamptz, jsonb) is
  'Worker: applies a retention rule to the rows of these primary keys, as far as the condition still holds for them, no legal hold keeps them and nobody has them locked; answers how many. One transaction of the caller is one batch; waits at most 2 s for any lock. Of a rule that archives it is called with what was read back from the archive.';

revoke all on function ops.apply_retention(text, timestamptz, jsonb) from public;
grant execute on function ops.apply_retention(text, timestamptz, jsonb) to stoa_worker;

-- Object: ops/functions/drop_expired_partitions.sql
create or replace function ops.drop_expired_partitions(p_parent text default null, p_now timestamptz default now())
returns setof text
language plpgsql
volatile
-- Partitions belong to the owner; the job that calls this does not.
security definer
set search_path = ''
set lock_timeout = '200ms'
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
        and not exists (
          select
          from ops.partition_retirements as restored
          where restored.partition = bound.partition
            and restored.keep_until > p_now
        )
      order by bound.upper_bound
    loop
      -- Exported and kept by "stoa partitions retire", which says why.
      continue when ops.held_rows(policy.parent, expired.partition) > 0;

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

      begin
        execute format('alter table %s detach partition %s', policy.parent::regclass, expired.partition::regclass);
        execute format('drop table %s', expired.partition::regclass);
      exception
        -- While this waits, everybody else waits behind it: another time is better than a stall.
        when lock_not_available then continue;
      end;

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
  'Drops the partitions whose rows are all older than the retention of their table and returns their names; of a table that is exported first only those with a verified export, or without rows. Leaves what a legal hold keeps. Takes ACCESS EXCLUSIVE on the parent for a moment, waits at most 200 ms for it and passes over what is in use; "stoa partitions retire" does the same without that lock.';

revoke all on function ops.drop_expired_partitions(text, timestamptz) from public;
grant execute on function ops.drop_expired_partitions(text, timestamptz) to stoa_worker;

-- Object: ops/functions/held_condition.sql
create or replace function ops.held_condition(p_table text, p_row text default 'target')
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  conditions text[] := '{}';
  held record;
  link text;
begin
  for held in
    select distinct hold.kind from ops.legal_holds as hold where hold.released_at is null order by hold.kind
  loop
    link := ops.hold_link(p_table::regclass, p_row, held.kind);
    if link is not null then
      conditions := conditions || replace(
        link,
        ':held',
        format('array(select held.id from ops.held_ids(%L) as held (id))', held.kind)
      );
    end if;
  end loop;
  -- A null in a foreign key must not make the answer unknown.
  return 'coalesce(' || nullif(array_to_string(conditions, ' or '), '') || ', false)';
end
$$;

comment on function ops.held_condition(text, text) is
  'The condition, as SQL, under which a legal hold keeps a row of this table; null when none could, as on most days. Reads the holds that are open and the catalog.';

revoke all on function ops.held_condition(text, text) from public;

-- Object: ops/functions/held_ids.sql
create or replace function ops.held_ids(p_kind text)
returns setof uuid
language sql
stable
-- Holds have no grants; whoever deletes must know of them.
security definer
set search_path = ''
rows 5
begin atomic
  select distinct hold.subject_id
  from ops.legal_holds as hold
  where hold.kind = p_kind
    and hold.released_at is null;
end;

comment on function ops.held_ids(text) is
  'Everything of a kind that a legal hold keeps. One range of a partial index that is empty on most days.';

revoke all on function ops.held_ids(text) from public;
grant execute on function ops.held_ids(text) to stoa_worker;

-- Object: ops/functions/held_reason.sql
create or replace function ops.held_reason(p_kind text, p_id uuid)
returns text
language sql
stable
-- Holds have no grants; whoever deletes must know of them.
security definer
set search_path = ''
begin atomic
  select string_agg(
    format('legal hold since %s: %s', to_char(hold.placed_at at time zone 'UTC', 'YYYY-MM-DD'), hold.reason),
    '; '
    order by hold.id
  )
  from ops.legal_holds as hold
  where hold.kind = p_kind
    and hold.subject_id = p_id
    and hold.released_at is null;
end;

comment on function ops.held_reason(text, uuid) is
  'Why this may not be deleted, in a sentence for operators; null when no legal hold is on it. One look-up.';

revoke all on function ops.held_reason(text, uuid) from public;
grant execute on function ops.held_reason(text, uuid) to stoa_worker;

-- Object: ops/functions/held_rows.sql
create or replace function ops.held_rows(p_parent text, p_partition text)
returns bigint
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
as $$
declare
  condition constant text := ops.held_condition(p_parent);
  held bigint := 0;
begin
  if condition is not null then
    execute format('select count(*) from %s as target where %s', p_partition::regclass, condition) into held;
  end if;
  return held;
end
$$;

comment on function ops.held_rows(text, text) is
  'How many rows of a partition, attached or not, legal holds keep. Reads the partition when there is a hold that could, nothing else.';

revoke all on function ops.held_rows(text, text) from public;
grant execute on function ops.held_rows(text, text) to stoa_worker;

-- Object: ops/functions/hold_link.sql
create or replace function ops.hold_link(
  p_table regclass,
  p_row text,
  p_kind text,
  p_seen oid[] default '{}'
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  subject ops.hold_kinds;
  parts text[] := '{}';
  link record;
  next_row constant text := 'link_' || cardinality(p_seen);
  further text;
begin
  select * into subject from ops.hold_kinds where kind = p_kind;
  if to_regclass(subject.table_name) is null then
    return null;
  end if;

  if p_table = subject.table_name::regclass then
    parts := parts || format('%s.id = any (:held)', p_row);
  end if;

  parts := parts || array(
    select format('(%s)', regexp_replace(rule.condition, '\mtarget\.', p_row || '.', 'g'))
    from ops.hold_rules as rule
    where rule.kind = p_kind
      and to_regclass(rule.table_name) = p_table
  );

  -- What names it.
  for link in
    select attribute.attname
    from pg_catalog.pg_constraint as reference
    cross join lateral unnest(reference.conkey, reference.confkey) as pair (here, there)
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = reference.conrelid and attribute.attnum = pair.here
    join pg_catalog.pg_attribute as named on named.attrelid = reference.confrelid and named.attnum = pair.there
    where reference.contype = 'f'
      and reference.conparentid = 0
      and reference.conrelid = p_table
      and reference.confrelid = subject.table_name::regclass
      and named.attname = 'id'
    group by attribute.attname
    order by attribute.attname
  loop
    parts := parts || format('%s.%I = any (:held)', p_row, link.attname);
  end loop;

  -- What lies in something that lies in it; and, of a person, what would go with the row.
  if cardinality(p_seen) < 3 then
    for link in
      select
        case when reference.conrelid = p_table then reference.confrelid else reference.conrelid end as other,
        string_agg(
          case
            when reference.conrelid = p_table then format('%s.%I = %s.%I', next_row, named.attname, p_row, attribute.attname)
            else format('%s.%I = %s.%I', next_row, attribute.attname, p_row, named.attname)
          end,
          ' and '
          order by pair.here
        ) as condition
      from pg_catalog.pg_constraint as reference
      cross join lateral unnest(reference.conkey, reference.confkey) as pair (here, there)
      join pg_catalog.pg_attribute as attribute on attribute.attrelid = reference.conrelid and attribute.attnum = pair.here
      join pg_catalog.pg_attribute as named on named.attrelid = reference.confrelid and named.attnum = pair.there
      where reference.contype = 'f'
        and reference.conparentid = 0
        and reference.conrelid <> reference.confrelid
        and reference.confdeltype = 'c'
        and (
          (subject.is_container and reference.conrelid = p_table and reference.confrelid <> 'core.users'::regclass)
          or (not subject.is_container and reference.confrelid = p_table and p_table <> subject.table_name::regclass)
        )
      group by reference.oid, reference.conrelid, reference.confrelid
      order by 1, reference.oid
    loop
      continue when link.other = any (p_seen || p_table::oid);
      -- What leads straight to it has been named above.
      continue when link.other = subject.table_name::regclass;
      further := ops.hold_link(link.other::regclass, next_row, p_kind, p_seen || p_table::oid);
      if further is not null then
        parts := parts || format(
          'exists (select from %s as %s where %s and (%s))',
          link.other::regclass, next_row, link.condition, further
        );
      end if;
    end loop;
  end if;

  return nullif(array_to_string(parts, ' or '), '');
end
$$;

comment on function ops.hold_link(regclass, text, text, oid[]) is
  'The condition under which a row of a table belongs to something of a kind that is held, with :held for the identifiers; null where nothing leads there. Follows foreign keys: those to the thing itself, for a container those that delete with it upwards, for a person those that would delete with the row downwards, three steps at most. Reads the catalog.';

revoke all on function ops.hold_link(regclass, text, text, oid[]) from public;

-- Object: ops/functions/is_held.sql
create or replace function ops.is_held(p_kind text, p_id uuid)
returns boolean
language sql
stable
-- Holds have no grants; whoever deletes must know of them.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from ops.legal_holds as hold
    where hold.kind = p_kind
      and hold.subject_id = p_id
      and hold.released_at is null
  );
end;

comment on function ops.is_held(text, uuid) is
  'Whether a legal hold is on this itself; what lies in a container that is held is not asked. One look-up.';

revoke all on function ops.is_held(text, uuid) from public;
grant execute on function ops.is_held(text, uuid) to stoa_worker;

-- Object: ops/functions/place_hold.sql
create or replace function ops.place_hold(p_kind text, p_id uuid, p_reason text, p_by text default session_user)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  subject_table text;
  is_there boolean;
  made uuid;
begin
  select hold_kind.table_name into subject_table from ops.hold_kinds as hold_kind where hold_kind.kind = p_kind;
  if not found then
    perform core.fail('hold.kind_unknown');
  end if;
  if btrim(coalesce(p_reason, '')) = '' or length(btrim(p_reason)) > 500 then
    perform core.fail('hold.reason_missing');
  end if;
  execute format('select exists (select from %s where id = $1)', subject_table::regclass) into is_there using p_id;
  if not is_there then
    perform core.fail('hold.subject_unknown');
  end if;

  -- Waits for a batch of retention that is under way; the next one sees the hold.
  insert into ops.legal_holds (kind, subject_id, reason, placed_by)
  values (p_kind, p_id, btrim(p_reason), p_by)
  returning id into made;

  perform audit.record('place_hold', subject_table, p_id, p_new_values => jsonb_build_object('hold_id', made), p_reason => btrim(p_reason));
  return made;
end
$$;

comment on function ops.place_hold(text, uuid, text, text) is
  'Puts a legal hold on a person or a container and writes it into the audit log. From the moment this is committed nothing of it is deleted by retention, archives or erasure. Several holds on one thing are kept apart. For operators, as owner. Refuses hold.kind_unknown, hold.reason_missing, hold.subject_unknown. Two look-ups.';

revoke all on function ops.place_hold(text, uuid, text, text) from public;

-- Object: ops/functions/primary_key.sql
create or replace function ops.primary_key(p_table text)
returns table (name text, type text, "position" integer)
language plpgsql
stable
set search_path = ''
rows 2
as $$
begin
  return query
    select
      attribute.attname::text,
      format_type(attribute.atttypid, attribute.atttypmod),
      part.position::integer
    from pg_catalog.pg_index as index_entry
    cross join lateral unnest(index_entry.indkey::smallint[]) with ordinality as part (number, position)
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = index_entry.indrelid
     and attribute.attnum = part.number
    where index_entry.indrelid = p_table::regclass
      and index_entry.indisprimary
    order by part.position;
  if not found then
    raise exception 'table "%" has no primary key to go through', p_table using errcode = 'XX000';
  end if;
end
$$;

comment on function ops.primary_key(text) is
  'The columns of the primary key of a table, in their order. Reads the catalog.';

revoke all on function ops.primary_key(text) from public;

-- Object: ops/functions/release_hold.sql
create or replace function ops.release_hold(p_hold_id uuid, p_reason text, p_by text default session_user)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  hold ops.legal_holds;
begin
  if btrim(coalesce(p_reason, '')) = '' or length(btrim(p_reason)) > 500 then
    perform core.fail('hold.reason_missing');
  end if;
  select * into hold from ops.legal_holds where id = p_hold_id for update;
  if not found then
    perform core.fail('hold.unknown');
  end if;
  if hold.released_at is not null then
    perform core.fail('hold.released');
  end if;

  update ops.legal_holds
  set released_at = now(),
      released_by = p_by,
      release_reason = btrim(p_reason)
  where id = p_hold_id;

  perform audit.record(
    'release_hold',
    (select hold_kind.table_name from ops.hold_kinds as hold_kind where hold_kind.kind = hold.kind),
    hold.subject_id,
    p_old_values => jsonb_build_object('hold_id', hold.id),
    p_reason => btrim(p_reason)
  );
end
$$;

comment on function ops.release_hold(uuid, text, text) is
  'Ends a legal hold; it stays as a record, and the audit log says who and why. What is past its age goes with the next run. For operators, as owner. Refuses hold.reason_missing, hold.unknown, hold.released. One row.';

revoke all on function ops.release_hold(uuid, text, text) from public;

-- Object: ops/functions/retention_condition.sql
create or replace function ops.retention_condition(p_name text, p_now timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  rule ops.retention_policies;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;
  return replace(
    replace(rule.predicate, ':now', quote_literal(p_now) || '::timestamptz'),
    ':before',
    '(' || quote_literal(p_now - coalesce(rule.age, interval '0')) || '::timestamptz)'
  );
end
$$;

comment on function ops.retention_condition(text, timestamptz) is
  'The condition of a rule on a row target, as SQL, with the clock and the age put in.';

revoke all on function ops.retention_condition(text, timestamptz) from public;

-- Object: ops/functions/retention_due.sql
create or replace function ops.retention_due(p_name text, p_now timestamptz, p_limit integer)
returns setof jsonb
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
rows 10000
as $$
declare
  rule ops.retention_policies;
  held text;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;
  held := ops.held_condition(rule.target);
  -- In no order: the planner takes the index of the condition where there is one.
  return query execute format(
    'select jsonb_build_array(%s) from %s as target where (%s) and %s limit $1',
    (
      select string_agg('target.' || quote_ident(key.name), ', ' order by key.position)
      from ops.primary_key(rule.target) as key
    ),
    rule.target::regclass,
    ops.retention_condition(p_name, p_now),
    coalesce('not ' || held, 'true')
  )
  using p_limit;
end
$$;

comment on function ops.retention_due(text, timestamptz, integer) is
  'Worker: the primary keys of at most so many rows that a retention rule would take and no legal hold keeps, as arrays. Locks nothing. Costs one walk through the index that serves the condition, or one reading of the table where there is none.';

revoke all on function ops.retention_due(text, timestamptz, integer) from public;
grant execute on function ops.retention_due(text, timestamptz, integer) to stoa_worker;

-- Object: ops/functions/retention_held.sql
create or replace function ops.retention_held(p_name text, p_now timestamptz)
returns bigint
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
as $$
declare
  target_table constant text := (select policy.target from ops.retention_policies as policy where policy.name = p_name);
  predicate constant text := ops.retention_condition(p_name, p_now);
  held constant text := ops.held_condition(target_table);
  amount bigint := 0;
begin
  if held is not null then
    execute format('select count(*) from %s as target where (%s) and %s', target_table::regclass, predicate, held)
    into amount;
  end if;
  return amount;
end
$$;

comment on function ops.retention_held(text, timestamptz) is
  'How many rows a retention rule would take if no legal hold kept them. Reads nothing while no hold could; otherwise as much as ops.retention_due.';

revoke all on function ops.retention_held(text, timestamptz) from public;
grant execute on function ops.retention_held(text, timestamptz) to stoa_worker;

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
  held text;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;

  rows_affected := 0;
  if rule.is_active and rule.action <> 'archive' then
    -- A hold that is being placed waits for this batch, or this batch sees it: never neither.
    lock table ops.legal_holds in share mode;
    held := ops.held_condition(rule.target);

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
            and %9$s
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
      ops.retention_condition(p_name, p_now),
      cursor_keys,
      rule.batch_size,
      work,
      keys,
      keys,
      coalesce('not ' || held, 'true')
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
  'Worker: applies one retention rule to one batch of rows, by primary key, and returns how many it deleted or scrubbed and where the next batch starts; null there means that the pass is complete. Each batch is its own transaction of the caller. Rows that somebody has locked are left for the next night, rows that a legal hold keeps for as long as it lasts. A rule that is off or of action archive does nothing.';

revoke all on function ops.run_retention(text, timestamptz, jsonb) from public;
grant execute on function ops.run_retention(text, timestamptz, jsonb) to stoa_worker;

-- Object: ops/policies/hold_kinds.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.hold_kinds from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: ops/policies/hold_rules.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.hold_rules from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: ops/policies/legal_holds.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.legal_holds from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.legal_holds to stoa_worker;

-- Object: ops/policies/partition_retirements.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.partition_retirements from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function ops.retention_held(text, timestamptz);
drop function ops.retention_due(text, timestamptz, integer);
drop function ops.retention_condition(text, timestamptz);
drop function ops.release_hold(uuid, text, text);
drop function ops.primary_key(text);
drop function ops.place_hold(text, uuid, text, text);
drop function ops.is_held(text, uuid);
drop function ops.hold_link(regclass, text, text, oid[]);
drop function ops.held_rows(text, text);
drop function ops.held_reason(text, uuid);
drop function ops.held_ids(text);
drop function ops.held_condition(text, text);
drop function ops.apply_retention(text, timestamptz, jsonb);
revoke all on table ops.legal_holds from stoa_worker;

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

-- End of objects
