-- Why: what the database must know about itself: partitions to make and drop, rows to age out, personal data to
-- erase, tables to dump, backups taken, jobs run. Comes before every other module, whose migrations fill the
-- registries, and so references none of them.
-- Locks: none on anything that holds data. Back: drops these tables and what was recorded in them; the schema stays, because the engine's ledger is in it.

-- Up Migration

-- The migration engine keeps its ledger there and was first; it also outlives the last migration.
create schema if not exists ops;
comment on schema ops is
  'Operation of the database itself: registries that the migrations of each module fill, and a record of what jobs and backups did. No API role may read it.';

grant usage on schema ops to stoa_worker;

create table ops.partition_policies (
  parent text not null,
  key_kind text not null,
  period text not null default 'month',
  ahead smallint not null default 3,
  retain interval,
  export_before_drop boolean not null default false,
  constraint partition_policies_pkey primary key (parent),
  constraint partition_policies_check check (key_kind in ('uuidv7','timestamptz') and period in ('day','week','month') and ahead >= 2)
);

comment on table ops.partition_policies is
  'One row per partitioned table: what the partition manager creates ahead and drops.';
comment on column ops.partition_policies.parent is 'The table, as schema.table.';
comment on column ops.partition_policies.key_kind is 'What the table is partitioned by: uuidv7 (an id whose time counts) or timestamptz.';
comment on column ops.partition_policies.period is 'Length of a partition: day, week or month, in UTC.';
comment on column ops.partition_policies.ahead is 'Partitions to keep created in advance.';
comment on column ops.partition_policies.retain is 'Null = never drop.';
comment on column ops.partition_policies.export_before_drop is 'Must have a verified archive_exports row.';
comment on index ops.partition_policies_pkey is 'One row by its key.';
comment on constraint partition_policies_check on ops.partition_policies is 'Impossible values are refused.';

alter table ops.partition_policies enable row level security;

create table ops.retention_policies (
  name varchar(100) not null,
  target text not null,
  predicate text not null,
  action text not null default 'delete',
  scrub_columns text[],
  batch_size integer not null default 5000,
  schedule varchar(50) not null default '0 3 * * *',
  is_active boolean not null default true,
  last_run_at timestamptz,
  last_deleted bigint,
  constraint retention_policies_pkey primary key (name),
  constraint retention_policies_action_check check (action in ('delete','scrub','archive') and batch_size between 1 and 100000),
  constraint retention_policies_scrub_check check ((action = 'scrub') = (scrub_columns is not null))
);

comment on table ops.retention_policies is
  'Declarative retention rules executed by the nightly job in bounded batches.';
comment on column ops.retention_policies.name is 'Name of the rule.';
comment on column ops.retention_policies.target is 'The table, as schema.table.';
comment on column ops.retention_policies.predicate is 'Condition on a row, which it may call target; :now stands for the clock that the job was given.';
comment on column ops.retention_policies.action is 'delete removes the row, scrub nulls scrub_columns, archive leaves the rows to the export job.';
comment on column ops.retention_policies.scrub_columns is 'Columns that a scrub sets to null; the predicate must stop matching once they are.';
comment on column ops.retention_policies.batch_size is 'Rows per transaction.';
comment on column ops.retention_policies.schedule is 'When, as a cron line in UTC.';
comment on column ops.retention_policies.is_active is 'Whether the rule is in force.';
comment on column ops.retention_policies.last_run_at is 'Last run.';
comment on column ops.retention_policies.last_deleted is 'Rows affected.';
comment on index ops.retention_policies_pkey is 'One row by its key.';
comment on constraint retention_policies_scrub_check on ops.retention_policies is 'A scrub names its columns, nothing else does.';
comment on constraint retention_policies_action_check on ops.retention_policies is 'Impossible values are refused.';

alter table ops.retention_policies enable row level security;

create table ops.backup_runs (
  id uuid not null default core.uuidv7(),
  kind text not null,
  tier text,
  location text not null,
  size_bytes bigint,
  sha256 bytea,
  encrypted boolean not null default true,
  wal_start_lsn pg_lsn,
  wal_end_lsn pg_lsn,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  status text not null default 'running',
  expires_at timestamptz,
  error text,
  constraint backup_runs_pkey primary key (id),
  constraint backup_runs_kind_check check (kind in ('base','wal_check','logical_full','logical_tier','manual')),
  constraint backup_runs_status_check check (status in ('running','ok','failed','expired') and (tier is null or tier in ('A','B','C')))
);

create index backup_runs_latest_idx on ops.backup_runs (kind, started_at desc)
  where status = 'ok';
create index backup_runs_expiry_idx on ops.backup_runs (expires_at)
  where expires_at is not null;

comment on table ops.backup_runs is
  'Catalogue of backups taken.';
comment on column ops.backup_runs.id is 'Time-ordered key.';
comment on column ops.backup_runs.kind is 'Base (physical), wal_check, logical_full, logical_tier, manual.';
comment on column ops.backup_runs.tier is 'A, B, C for logical tiers.';
comment on column ops.backup_runs.location is 'Object key.';
comment on column ops.backup_runs.size_bytes is 'Size.';
comment on column ops.backup_runs.sha256 is 'Digest.';
comment on column ops.backup_runs.encrypted is 'Encrypted at rest.';
comment on column ops.backup_runs.wal_start_lsn is 'PITR window start.';
comment on column ops.backup_runs.wal_end_lsn is 'PITR window end.';
comment on column ops.backup_runs.started_at is 'Start.';
comment on column ops.backup_runs.finished_at is 'End.';
comment on column ops.backup_runs.status is 'Outcome.';
comment on column ops.backup_runs.expires_at is 'Retention (30 days daily).';
comment on column ops.backup_runs.error is 'Failure.';
comment on index ops.backup_runs_pkey is 'One row by its key.';
comment on constraint backup_runs_kind_check on ops.backup_runs is 'The values that exist.';
comment on constraint backup_runs_status_check on ops.backup_runs is 'The values that exist.';
comment on index ops.backup_runs_latest_idx is 'Newest good backup.';
comment on index ops.backup_runs_expiry_idx is 'Pruning.';

alter table ops.backup_runs enable row level security;

create table ops.restore_tests (
  id uuid not null default core.uuidv7(),
  backup_run_id uuid not null,
  target_time timestamptz,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  status text not null default 'running',
  checks jsonb not null default '{}',
  constraint restore_tests_pkey primary key (id),
  constraint restore_tests_backup_run_id_fkey foreign key (backup_run_id) references ops.backup_runs (id) on delete restrict,
  constraint restore_tests_status_check check (status in ('running','ok','failed'))
);

create index restore_tests_run_idx on ops.restore_tests (backup_run_id);

comment on table ops.restore_tests is
  'Monthly proof that a backup restores.';
comment on column ops.restore_tests.id is 'Time-ordered key.';
comment on column ops.restore_tests.backup_run_id is 'What was restored.';
comment on column ops.restore_tests.target_time is 'PITR tests.';
comment on column ops.restore_tests.started_at is 'Start.';
comment on column ops.restore_tests.finished_at is 'End.';
comment on column ops.restore_tests.status is 'Outcome.';
comment on column ops.restore_tests.checks is 'Row counts, newest rows, FK validation, amcheck.';
comment on index ops.restore_tests_pkey is 'One row by its key.';
comment on constraint restore_tests_status_check on ops.restore_tests is 'The values that exist.';
comment on index ops.restore_tests_run_idx is 'Serves the foreign key: what a person leaves behind is found without a scan.';

alter table ops.restore_tests enable row level security;

create table ops.archive_exports (
  id uuid not null default core.uuidv7(),
  parent text not null,
  partition text not null,
  row_count bigint not null,
  location text not null,
  sha256 bytea not null,
  verified_at timestamptz,
  dropped_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint archive_exports_pkey primary key (id),
  constraint archive_exports_parent_fkey foreign key (parent) references ops.partition_policies (parent) on delete restrict,
  constraint archive_exports_partition_key unique (parent, partition)
);

comment on table ops.archive_exports is
  'Monthly/quarterly exports of archival partitions.';
comment on column ops.archive_exports.id is 'Time-ordered key.';
comment on column ops.archive_exports.parent is 'Partitioned table.';
comment on column ops.archive_exports.partition is 'Partition name.';
comment on column ops.archive_exports.row_count is 'Rows exported.';
comment on column ops.archive_exports.location is 'Object key.';
comment on column ops.archive_exports.sha256 is 'Digest.';
comment on column ops.archive_exports.verified_at is 'Re-read and counted.';
comment on column ops.archive_exports.dropped_at is 'Partition dropped.';
comment on column ops.archive_exports.inserted_at is 'When the row was made.';
comment on index ops.archive_exports_pkey is 'One row by its key.';
comment on index ops.archive_exports_partition_key is 'Once per partition.';

alter table ops.archive_exports enable row level security;

create table ops.counter_repairs (
  id uuid not null default core.uuidv7(),
  counter varchar(120) not null,
  row_key jsonb not null,
  cached_value numeric not null,
  true_value numeric not null,
  inserted_at timestamptz not null default now(),
  constraint counter_repairs_pkey primary key (id)
);

create index counter_repairs_counter_idx on ops.counter_repairs (counter, id desc);

comment on table ops.counter_repairs is
  'What the nightly drift check found and fixed in cached counters.';
comment on column ops.counter_repairs.id is 'Time-ordered key.';
comment on column ops.counter_repairs.counter is 'Schema.table.column.';
comment on column ops.counter_repairs.row_key is 'Row.';
comment on column ops.counter_repairs.cached_value is 'Before.';
comment on column ops.counter_repairs.true_value is 'After.';
comment on column ops.counter_repairs.inserted_at is 'When the row was made.';
comment on index ops.counter_repairs_pkey is 'One row by its key.';
comment on index ops.counter_repairs_counter_idx is 'Trend; a rising count means a broken maintainer.';

alter table ops.counter_repairs enable row level security;

create table ops.personal_data_rules (
  table_name text not null,
  column_name text not null,
  action text not null,
  reason text not null,
  constraint personal_data_rules_pkey primary key (table_name, column_name),
  constraint personal_data_rules_action_check check (action in ('delete', 'scrub', 'keep'))
);

comment on table ops.personal_data_rules is
  'What erasing a person does to each column that points at or tells about them: a row for every foreign key to core.users and every personal column. A test walks the catalog and fails when a foreign key has no rule.';
comment on column ops.personal_data_rules.table_name is 'The table, as schema.table.';
comment on column ops.personal_data_rules.column_name is 'The column.';
comment on column ops.personal_data_rules.action is 'delete removes the row, scrub blanks the column, keep leaves it (it then points at the tombstone or is not personal).';
comment on column ops.personal_data_rules.reason is 'Why this is the right action, for the record of processing.';
comment on index ops.personal_data_rules_pkey is 'The rules of one table.';
comment on constraint personal_data_rules_action_check on ops.personal_data_rules is 'The actions that exist.';

alter table ops.personal_data_rules enable row level security;

create table ops.backup_tiers (
  table_name text not null,
  tier text not null,
  constraint backup_tiers_pkey primary key (table_name),
  constraint backup_tiers_tier_check check (tier in ('A', 'B', 'C', 'D'))
);

comment on table ops.backup_tiers is
  'Which dumps a table is part of: A critical and B important (daily logical dump), C archival (exported a partition at a time), D rebuildable (left out). Base backups hold every logged table whatever its tier. A test fails when a table has no row.';
comment on column ops.backup_tiers.table_name is 'The table, as schema.table; a partitioned table stands for its partitions.';
comment on column ops.backup_tiers.tier is 'A, B, C or D.';
comment on index ops.backup_tiers_pkey is 'The tier of one table.';
comment on constraint backup_tiers_tier_check on ops.backup_tiers is 'The tiers that exist.';

alter table ops.backup_tiers enable row level security;

create table ops.job_runs (
  id uuid not null default core.uuidv7(),
  task text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  status text not null default 'running',
  rows_affected bigint,
  detail jsonb not null default '{}',
  constraint job_runs_pkey primary key (id),
  constraint job_runs_status_check check (status in ('running', 'ok', 'failed')),
  constraint job_runs_finished_check check ((status = 'running') = (finished_at is null)),
  constraint job_runs_detail_check check (jsonb_typeof(detail) = 'object')
);

create index job_runs_task_idx on ops.job_runs (task, id desc);

comment on table ops.job_runs is
  'What each run of a job did: operators read here whether the nightly work happens and how much it moves.';
comment on column ops.job_runs.id is 'Time-ordered key.';
comment on column ops.job_runs.task is 'Name of the task.';
comment on column ops.job_runs.started_at is 'Start.';
comment on column ops.job_runs.finished_at is 'End; null while running, or when the process died.';
comment on column ops.job_runs.status is 'Outcome: running, ok or failed.';
comment on column ops.job_runs.rows_affected is 'Rows made, changed or removed.';
comment on column ops.job_runs.detail is 'Figures of the task, or the failure. Never personal data.';
comment on index ops.job_runs_pkey is 'One row by its key; age for retention.';
comment on index ops.job_runs_task_idx is 'Newest runs of a task.';
comment on constraint job_runs_status_check on ops.job_runs is 'The outcomes that exist.';
comment on constraint job_runs_finished_check on ops.job_runs is 'A finished run says when it ended.';
comment on constraint job_runs_detail_check on ops.job_runs is 'Always an object.';

alter table ops.job_runs enable row level security;

-- Object: ops/functions/ensure_partitions.sql
create or replace function ops.ensure_partitions(p_parent text default null, p_now timestamptz default now())
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
  step interval;
  next_start timestamp;
  last_start timestamp;
  partition_name text;
  lower_bound text;
  upper_bound text;
  guard record;
begin
  if p_parent is not null and not exists (select from ops.partition_policies where parent = p_parent) then
    raise exception 'table "%" has no partition policy', p_parent using errcode = 'XX000';
  end if;

  for policy in
    select *
    from ops.partition_policies
    where p_parent is null or parent = p_parent
    order by parent
  loop
    -- Two managers at once: the second waits, then finds nothing left to make.
    perform pg_advisory_xact_lock(hashtextextended('ops.ensure_partitions:' || policy.parent, 0));

    step := ('1 ' || policy.period)::interval;
    last_start := date_trunc(policy.period, p_now at time zone 'UTC') + policy.ahead * step;

    -- Bounds are read back from the catalog rather than counted, so a manager that slept for months leaves no gap.
    select max(
      case policy.key_kind
        when 'uuidv7' then core.uuidv7_time(bound.upper_value::uuid)
        else bound.upper_value::timestamptz
      end at time zone 'UTC'
    )
    into next_start
    from pg_catalog.pg_inherits as link
    join pg_catalog.pg_class as child on child.oid = link.inhrelid
    cross join lateral (
      select substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)$') as upper_value
    ) as bound
    where link.inhparent = policy.parent::regclass;

    if next_start is null then
      next_start := date_trunc(policy.period, p_now at time zone 'UTC');
      if policy.key_kind = 'uuidv7' then
        -- Rows of an imported community get ids made from their historical time: one partition takes all of them.
        next_start := next_start - step;
      end if;
      lower_bound := 'minvalue';
    end if;

    while next_start <= last_start loop
      partition_name := replace(policy.parent, '.', '_') || '_' || case
        when lower_bound = 'minvalue' and policy.key_kind = 'uuidv7' then 'history'
        when policy.period = 'month' then to_char(next_start, 'YYYY_MM')
        else to_char(next_start, 'YYYY_MM_DD')
      end;

      if policy.key_kind = 'uuidv7' then
        if lower_bound is distinct from 'minvalue' then
          lower_bound := quote_literal(core.uuidv7_floor(next_start at time zone 'UTC'));
        end if;
        upper_bound := quote_literal(core.uuidv7_floor((next_start + step) at time zone 'UTC'));
      else
        lower_bound := quote_literal(next_start at time zone 'UTC');
        upper_bound := quote_literal((next_start + step) at time zone 'UTC');
      end if;

      -- Built apart and attached: attaching lets readers and writers of the parent go on, "partition of" does not.
      execute format('create table parts.%I (like %s including all)', partition_name, policy.parent);
      execute format('alter table parts.%I enable row level security', partition_name);
      execute format(
        'comment on table parts.%I is %L',
        partition_name,
        format('Partition of %s: rows before %s UTC.', policy.parent, next_start + step)
      );
      execute format(
        'alter table %s attach partition parts.%I for values from (%s) to (%s)',
        policy.parent, partition_name, lower_bound, upper_bound
      );

      -- Row triggers follow the parent by themselves; a guard against TRUNCATE is a statement trigger and does not.
      for guard in
        select tgname, tgfoid::regproc::text as function_name
        from pg_catalog.pg_trigger
        where tgrelid = policy.parent::regclass
          and not tgisinternal
          and tgtype & 32 <> 0
      loop
        execute format(
          'create trigger %I before truncate on parts.%I for each statement execute function %s()',
          guard.tgname, partition_name, guard.function_name
        );
      end loop;

      return next 'parts.' || partition_name;
      lower_bound := null;
      next_start := next_start + step;
    end loop;
    lower_bound := null;
  end loop;
end
$$;

comment on function ops.ensure_partitions(text, timestamptz) is
  'Makes the partitions that a table needs around p_now: everything since its newest partition, the current period and as many ahead as its policy says; all registered tables when no parent is named. The first call for a table keyed by version 7 ids also makes a "history" partition without a lower end. Periods are those of UTC. Returns the names of what it made, nothing when there was nothing to do. Refuses a table without a policy. Takes SHARE UPDATE EXCLUSIVE on the parent and waits at most 5 s for any lock.';

revoke all on function ops.ensure_partitions(text, timestamptz) from public;
grant execute on function ops.ensure_partitions(text, timestamptz) to stoa_worker;

-- End of objects

insert into ops.backup_tiers (table_name, tier) values
  ('ops.pgmigrations', 'A'),
  ('ops.schema_migrations', 'A'),
  ('ops.migration_steps', 'A'),
  ('ops.partition_policies', 'A'),
  ('ops.retention_policies', 'A'),
  ('ops.personal_data_rules', 'A'),
  ('ops.backup_tiers', 'A'),
  ('ops.backup_runs', 'A'),
  ('ops.restore_tests', 'A'),
  ('ops.archive_exports', 'A'),
  ('ops.counter_repairs', 'D'),
  ('ops.job_runs', 'D'),
  ('core.error_codes', 'A');

insert into ops.retention_policies (name, target, predicate) values
  ('backup_runs', 'ops.backup_runs', 'started_at < :now - interval ''2 years'' and not exists (select from ops.restore_tests as test where test.backup_run_id = target.id)'),
  ('restore_tests', 'ops.restore_tests', 'started_at < :now - interval ''2 years'''),
  ('counter_repairs', 'ops.counter_repairs', 'id < core.uuidv7_floor(:now - interval ''90 days'')'),
  ('job_runs', 'ops.job_runs', 'id < core.uuidv7_floor(:now - interval ''90 days'')');

-- Down Migration

drop function ops.ensure_partitions(text, timestamptz);
drop table ops.job_runs;
drop table ops.backup_tiers;
drop table ops.personal_data_rules;
drop table ops.counter_repairs;
drop table ops.archive_exports;
drop table ops.restore_tests;
drop table ops.backup_runs;
drop table ops.retention_policies;
drop table ops.partition_policies;
revoke usage on schema ops from stoa_worker;
