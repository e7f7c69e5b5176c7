-- Why: backfills run batch by batch through functions, so that the job needs no grant on the tables that they fill.
-- New: ops.backfill_pressure, ops.backfill_range, ops.fail_backfill, ops.run_backfill_batch, policies of ops.backfills.
-- Locks: none on tables.
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/functions/backfill_pressure.sql
create or replace function ops.backfill_pressure(p_name text)
returns table (lag_bytes bigint, is_maintained boolean)
language sql
volatile
-- Reads the registry, which the job may, and the replication of the server, as far as the owner sees it.
security definer
set search_path = ''
as $$
  select
    (
      -- The details of a standby are hidden from a role without pg_read_all_stats; its slot is not.
      select max(pg_wal_lsn_diff(here.lsn, standby.lsn))::bigint
      from (select case when pg_is_in_recovery() then null else pg_current_wal_lsn() end as lsn) as here
      cross join (
        select replay_lsn from pg_catalog.pg_stat_replication where replay_lsn is not null
        union all
        select restart_lsn from pg_catalog.pg_replication_slots where active and slot_type = 'physical'
      ) as standby (lsn)
    ),
    exists (
      select
      from ops.backfills as backfill
      join pg_catalog.pg_locks as lock
        on lock.locktype = 'relation'
       and lock.granted
       and lock.mode = 'ShareUpdateExclusiveLock'
       and lock.pid <> pg_backend_pid()
       and lock.database = (select oid from pg_catalog.pg_database where datname = current_database())
      where backfill.name = p_name
        and (
          lock.relation = to_regclass(backfill.target)
          or lock.relation in (select relid from pg_partition_tree(to_regclass(backfill.target)))
        )
    )
$$;

comment on function ops.backfill_pressure(text) is
  'Worker: what a backfill should make room for. How many bytes the standby that is furthest behind has not replayed, null without a standby that can be seen; and whether vacuum, analyze or the building of an index is at work on its table or a partition of it. Reads pg_locks once.';

revoke all on function ops.backfill_pressure(text) from public;
grant execute on function ops.backfill_pressure(text) to stoa_worker;

-- Object: ops/functions/backfill_range.sql
create or replace function ops.backfill_range(p_name text, p_limit integer)
returns table (row_count bigint, upto jsonb, condition text)
language plpgsql
stable
set search_path = ''
as $$
declare
  backfill ops.backfills;
  keys text;
  keys_backwards text;
  key_texts text;
  lower_bound text;
begin
  select * into backfill from ops.backfills where name = p_name;
  if not found then
    raise exception 'there is no backfill "%"', p_name using errcode = 'XX000';
  end if;

  -- Bounds are written as literals of the type of their column, so that each batch is planned for what it is.
  select
    string_agg('target.' || quote_ident(part.name), ', ' order by part.position),
    string_agg('target.' || quote_ident(part.name) || ' desc', ', ' order by part.position),
    string_agg('target.' || quote_ident(part.name) || '::text', ', ' order by part.position),
    string_agg(
      format('%L::%s', backfill.last_key ->> (part.position - 1)::integer, format_type(attribute.atttypid, attribute.atttypmod)),
      ', ' order by part.position
    )
  into keys, keys_backwards, key_texts, lower_bound
  from unnest(backfill.key_columns) with ordinality as part (name, position)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = backfill.target::regclass
   and attribute.attname = part.name;

  condition := case when backfill.last_key is null then 'true' else format('(%s) > (%s)', keys, lower_bound) end;
  execute format(
    $query$
      with target as materialized (
        select target.* from (select %1$s from %2$s as target where %3$s order by %1$s limit %4$s) as target
      )
      select (select count(*) from target), (select jsonb_build_array(%5$s) from target order by %6$s limit 1)
    $query$,
    keys, backfill.target::regclass, condition, p_limit, key_texts, keys_backwards
  )
  into row_count, upto;

  if upto is not null then
    select condition || format(
      ' and (%s) <= (%s)',
      keys,
      string_agg(
        format('%L::%s', upto ->> (part.position - 1)::integer, format_type(attribute.atttypid, attribute.atttypmod)),
        ', ' order by part.position
      )
    )
    into condition
    from unnest(backfill.key_columns) with ordinality as part (name, position)
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = backfill.target::regclass
     and attribute.attname = part.name;
  end if;
  return next;
end
$$;

comment on function ops.backfill_range(text, integer) is
  'The rows that come next in a backfill, at most p_limit: how many, the key of the last one and the condition that chooses them. Null for the key when no row is left. Reads p_limit entries of the index on the key. For the functions of backfills only.';

revoke all on function ops.backfill_range(text, integer) from public;

-- Object: ops/functions/fail_backfill.sql
create or replace function ops.fail_backfill(p_name text, p_limit integer, p_error text)
returns void
language plpgsql
volatile
-- The job may move a backfill on through functions only.
security definer
set search_path = ''
as $$
declare
  range_end jsonb;
begin
  perform from ops.backfills where name = p_name for update;
  select range.upto into range_end from ops.backfill_range(p_name, p_limit) as range;
  update ops.backfills as target
  set state = 'failed',
      error = p_error,
      failed_upto = range_end
  where target.name = p_name
    and target.state = 'running';
end
$$;

comment on function ops.fail_backfill(text, integer, text) is
  'Worker: marks a running backfill as failed at its next p_limit rows, with the reason, until an operator has it tried again. Another state is left as it is.';

revoke all on function ops.fail_backfill(text, integer, text) from public;
grant execute on function ops.fail_backfill(text, integer, text) to stoa_worker;

-- Object: ops/functions/run_backfill_batch.sql
create or replace function ops.run_backfill_batch(
  p_name text,
  p_limit integer,
  p_rest_ms bigint default 0,
  p_note text default null
)
returns table (state text, batch_rows bigint, batch_affected bigint)
language plpgsql
volatile
-- Changes tables of every module, with a statement that only the owner can have put there.
security definer
set search_path = ''
as $$
declare
  backfill ops.backfills;
  batch record;
begin
  batch_rows := 0;
  batch_affected := 0;
  -- Two that run the same backfill take turns, and whoever pauses it waits for the batch that is under way.
  select * into backfill from ops.backfills where name = p_name for update;
  if not found then
    raise exception 'there is no backfill "%"', p_name using errcode = 'XX000';
  end if;
  state := backfill.state;
  if state <> 'running' then
    return next;
    return;
  end if;

  select * into batch from ops.backfill_range(p_name, p_limit);
  if batch.row_count > 0 then
    execute replace(backfill.statement, ':range', '(' || batch.condition || ')');
    get diagnostics batch_affected = row_count;
    batch_rows := batch.row_count;
  else
    state := 'finished';
  end if;

  update ops.backfills as target
  set state = run_backfill_batch.state,
      batch_size = p_limit,
      last_key = coalesce(batch.upto, target.last_key),
      row_count = target.row_count + batch_rows,
      rows_affected = target.rows_affected + batch_affected,
      batches = target.batches + (batch_rows > 0)::integer,
      worked_ms = target.worked_ms + p_rest_ms
        + ceil(extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::bigint,
      note = p_note,
      last_batch_at = clock_timestamp(),
      finished_at = case when run_backfill_batch.state = 'finished' then clock_timestamp() end
  where target.name = p_name;
  return next;
end
$$;

comment on function ops.run_backfill_batch(text, integer, bigint, text) is
  'Worker: runs a backfill over its next p_limit rows and remembers how far it came, both or neither. Answers with the state afterwards, and how many rows it went through and changed; a backfill that is not running is left alone. p_rest_ms is how long the table was left alone since the batch before, p_note why it goes slower than it could. The caller bounds it with statement_timeout and lock_timeout: it holds the rows of the batch until its transaction ends.';

revoke all on function ops.run_backfill_batch(text, integer, bigint, text) from public;
grant execute on function ops.run_backfill_batch(text, integer, bigint, text) to stoa_worker;

-- Object: ops/policies/backfills.sql
-- The database's own book-keeping: no API role reads it. The job reads it and moves it on through functions only.
revoke all on ops.backfills from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.backfills to stoa_worker;

-- End of objects

-- Down Migration

drop function ops.run_backfill_batch(text, integer, bigint, text);
drop function ops.fail_backfill(text, integer, text);
drop function ops.backfill_range(text, integer);
drop function ops.backfill_pressure(text);
revoke all on table ops.backfills from stoa_worker;
