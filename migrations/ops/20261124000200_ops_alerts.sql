-- Why: somebody must hear of it when a job fails for good, partitions run low or a counter was wrong: alerts, one open
-- row for each thing that is the matter. And a worker that was killed must be told from one that is busy: each worker
-- process says that it is there, so that another can take over what a dead one held.
-- Locks: ACCESS EXCLUSIVE on ops.job_runs for a moment, to let a run end as stopped. None on anything
-- else that holds data. Back: drops the tables and what was recorded in them; stopped runs become failed ones.

-- Up Migration

create table ops.alerts (
  id uuid not null default core.uuidv7(),
  name varchar(100) not null,
  level text not null,
  subject varchar(200) not null default '',
  detail jsonb not null default '{}',
  since timestamptz not null default now(),
  resolved_at timestamptz,
  delivered_at timestamptz,
  resolution_delivered_at timestamptz,
  constraint alerts_pkey primary key (id),
  constraint alerts_name_check check (name ~ '^[a-z][a-z0-9_]*$'),
  constraint alerts_level_check check (level in ('info', 'warning', 'error', 'critical')),
  constraint alerts_detail_check check (jsonb_typeof(detail) = 'object'),
  constraint alerts_resolution_check check (resolution_delivered_at is null or resolved_at is not null)
);

create unique index alerts_open_key on ops.alerts (name, subject)
  where resolved_at is null;
create index alerts_undelivered_idx on ops.alerts (id)
  where delivered_at is null or (resolved_at is not null and resolution_delivered_at is null);

comment on table ops.alerts is
  'What an operator has to know: one open row for each thing that is the matter, made by ops.raise_alert and closed by ops.resolve_alert.';
comment on column ops.alerts.id is 'Time-ordered key.';
comment on column ops.alerts.name is 'What kind of thing is the matter, such as job_failed.';
comment on column ops.alerts.level is 'info, warning, error or critical.';
comment on column ops.alerts.subject is 'Which one: a task, a table; empty when there is only one.';
comment on column ops.alerts.detail is 'Figures. Never personal data, never a secret: it is sent to another service.';
comment on column ops.alerts.since is 'When it began.';
comment on column ops.alerts.resolved_at is 'When it was over; null while it is the matter.';
comment on column ops.alerts.delivered_at is 'When the service that takes alerts was told that it began; null again when it got worse.';
comment on column ops.alerts.resolution_delivered_at is 'When the service was told that it is over.';
comment on index ops.alerts_pkey is 'One row by its key; age for retention.';
comment on index ops.alerts_open_key is 'One open alert for each thing: raising it again changes that one.';
comment on index ops.alerts_undelivered_idx is 'What is still to be told, oldest first.';
comment on constraint alerts_name_check on ops.alerts is 'A machine name.';
comment on constraint alerts_level_check on ops.alerts is 'The levels that exist.';
comment on constraint alerts_detail_check on ops.alerts is 'Always an object.';
comment on constraint alerts_resolution_check on ops.alerts is 'Nobody is told of an end that has not come.';

alter table ops.alerts enable row level security;

create table ops.workers (
  id varchar(100) not null,
  process_id integer not null,
  host varchar(255) not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  constraint workers_pkey primary key (id)
);

comment on table ops.workers is
  'Processes that run jobs. Each holds the advisory lock of its row on a connection of its own, so that its end is seen when that connection ends, whatever ended it.';
comment on column ops.workers.id is 'The name under which it locks jobs in the queue.';
comment on column ops.workers.process_id is 'Its process on its host.';
comment on column ops.workers.host is 'Where it runs.';
comment on column ops.workers.started_at is 'Since when.';
comment on column ops.workers.seen_at is 'When it last said so.';
comment on index ops.workers_pkey is 'One worker by its name.';

alter table ops.workers enable row level security;

create table ops.running_jobs (
  run_id uuid not null,
  task text not null,
  worker_id varchar(100) not null,
  is_exclusive boolean not null,
  constraint running_jobs_pkey primary key (run_id),
  constraint running_jobs_worker_id_fkey foreign key (worker_id) references ops.workers (id) on delete cascade
);

create unique index running_jobs_exclusive_key on ops.running_jobs (task)
  where is_exclusive;
create index running_jobs_worker_idx on ops.running_jobs (worker_id);

comment on table ops.running_jobs is
  'Which worker is doing which run now. A row goes when the run ends, or with its worker.';
comment on column ops.running_jobs.run_id is 'The run in ops.job_runs; no foreign key, because old runs age out by themselves.';
comment on column ops.running_jobs.task is 'Name of the task.';
comment on column ops.running_jobs.worker_id is 'Who does it.';
comment on column ops.running_jobs.is_exclusive is 'Whether the task runs once at a time.';
comment on index ops.running_jobs_pkey is 'One row by its key.';
comment on index ops.running_jobs_exclusive_key is 'A task that runs once at a time does.';
comment on index ops.running_jobs_worker_idx is 'Serves the foreign key: what a worker that is gone was doing.';

alter table ops.running_jobs enable row level security;

create table ops.job_totals (
  task text not null,
  runs bigint not null default 0,
  failures bigint not null default 0,
  rows_affected bigint not null default 0,
  constraint job_totals_pkey primary key (task)
);

comment on table ops.job_totals is
  'How often each task has run and failed since the database was made: sums that only grow, which the rows of ops.job_runs that age out cannot tell.';
comment on column ops.job_totals.task is 'Name of the task.';
comment on column ops.job_totals.runs is 'Runs that were recorded, however they ended.';
comment on column ops.job_totals.failures is 'Those that failed.';
comment on column ops.job_totals.rows_affected is 'Rows made, changed or removed by all of them.';
comment on index ops.job_totals_pkey is 'The totals of one task.';

alter table ops.job_totals enable row level security;

-- A run that a stop cut short is no failure. The rows that are there are checked by the next file, while writers go on.
alter table ops.job_runs drop constraint job_runs_status_check;
alter table ops.job_runs
  add constraint job_runs_status_check check (status in ('running', 'ok', 'failed', 'stopped')) not valid;
comment on constraint job_runs_status_check on ops.job_runs is 'The outcomes that exist.';
comment on column ops.job_runs.status is 'Outcome: running, ok, failed, or stopped when the worker was told to end.';

insert into ops.backup_tiers (table_name, tier) values
  ('ops.alerts', 'B'),
  ('ops.workers', 'D'),
  ('ops.running_jobs', 'D'),
  ('ops.job_totals', 'D');

insert into ops.retention_policies (name, target, predicate) values
  ('alerts', 'ops.alerts', 'resolved_at < :now - interval ''1 year''');

insert into ops.invariants (name, module, description, query) values
  (
    'ops.partitions.policies',
    'ops',
    'Every partition policy is about a table that is partitioned by range on a column of the kind that the policy says.',
    $query$
      select
        policy.parent as subject,
        'partitioned by range on one column of type ' || case policy.key_kind when 'uuidv7' then 'uuid' else 'timestamp with time zone' end as expected,
        case
          when parent.oid is null then 'no such table'
          when partitioned.partrelid is null then 'a table without partitions'
          else coalesce(pg_get_partkeydef(parent.oid), '') || ' of type '
            || coalesce((select string_agg(format_type(part.atttypid, null), ', ') from pg_catalog.pg_attribute as part
                         where part.attrelid = parent.oid and part.attnum = any (partitioned.partattrs::smallint[])), 'expression')
        end as found
      from ops.partition_policies as policy
      left join pg_catalog.pg_class as parent on parent.oid = to_regclass(policy.parent)
      left join pg_catalog.pg_partitioned_table as partitioned on partitioned.partrelid = parent.oid
      where not exists (
        select
        from pg_catalog.pg_attribute as key_column
        where key_column.attrelid = partitioned.partrelid
          and partitioned.partstrat = 'r'
          and partitioned.partnatts = 1
          and key_column.attnum = partitioned.partattrs[0]
          and key_column.atttypid = case policy.key_kind when 'uuidv7' then 'uuid'::regtype else 'timestamptz'::regtype end
      )
    $query$
  ),
  (
    'ops.partitions.named',
    'ops',
    'The name of every partition says which period its bounds enclose: one whole period of its policy, or "history" without a lower end.',
    $query$
      select bound.partition as subject, bound.expected, bound.found
      from (
        select
          child.oid::regclass::text as partition,
          'parts.' || replace(policy.parent, '.', '_') || '_' || case
            when ends.lower_value is null and policy.key_kind = 'uuidv7' then 'history'
            when policy.period = 'month' then to_char(period.starts_at, 'YYYY_MM')
            else to_char(period.starts_at, 'YYYY_MM_DD')
          end as expected,
          child.oid::regclass::text as found
        from ops.partition_policies as policy
        join pg_catalog.pg_inherits as link on link.inhparent = to_regclass(policy.parent)
        join pg_catalog.pg_class as child on child.oid = link.inhrelid
        cross join lateral (
          select
            substring(pg_get_expr(child.relpartbound, child.oid) from 'FROM \(''([^'']+)''\) TO') as lower_value,
            substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)$') as upper_value
        ) as ends
        cross join lateral (
          select case policy.key_kind
            when 'uuidv7' then core.uuidv7_time(ends.upper_value::uuid)
            else ends.upper_value::timestamptz
          end at time zone 'UTC' - ('1 ' || policy.period)::interval as starts_at
        ) as period
        where ends.upper_value is not null
      ) as bound
      where bound.expected <> bound.found
    $query$
  ),
  (
    'ops.partitions.bounds',
    'ops',
    'Every partition begins and ends where a period of its policy does, in UTC, and is one period long.',
    $query$
      select
        child.oid::regclass::text as subject,
        'one whole ' || policy.period as expected,
        coalesce(times.starts_at::text, 'minvalue') || ' to ' || times.ends_at as found
      from ops.partition_policies as policy
      join pg_catalog.pg_inherits as link on link.inhparent = to_regclass(policy.parent)
      join pg_catalog.pg_class as child on child.oid = link.inhrelid
      cross join lateral (
        select
          substring(pg_get_expr(child.relpartbound, child.oid) from 'FROM \(''([^'']+)''\) TO') as lower_value,
          substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)$') as upper_value
      ) as ends
      cross join lateral (
        select
          case policy.key_kind when 'uuidv7' then core.uuidv7_time(ends.lower_value::uuid) else ends.lower_value::timestamptz end
            at time zone 'UTC' as starts_at,
          case policy.key_kind when 'uuidv7' then core.uuidv7_time(ends.upper_value::uuid) else ends.upper_value::timestamptz end
            at time zone 'UTC' as ends_at
      ) as times
      where ends.upper_value is not null
        and (
          times.ends_at <> date_trunc(policy.period, times.ends_at)
          or times.starts_at + ('1 ' || policy.period)::interval <> times.ends_at
          -- An identifier that is not the first of its moment leaves the others of that moment without a partition.
          or (policy.key_kind = 'uuidv7' and ends.upper_value::uuid <> core.uuidv7_floor(core.uuidv7_time(ends.upper_value::uuid)))
          or (policy.key_kind = 'uuidv7' and ends.lower_value::uuid <> core.uuidv7_floor(core.uuidv7_time(ends.lower_value::uuid)))
        )
    $query$
  );

-- Down Migration

update ops.job_runs set status = 'failed' where status = 'stopped';
alter table ops.job_runs drop constraint job_runs_status_check;
alter table ops.job_runs
  add constraint job_runs_status_check check (status in ('running', 'ok', 'failed')) not valid;
alter table ops.job_runs validate constraint job_runs_status_check;
comment on constraint job_runs_status_check on ops.job_runs is 'The outcomes that exist.';
comment on column ops.job_runs.status is 'Outcome: running, ok or failed.';
delete from ops.invariants where name in ('ops.partitions.policies', 'ops.partitions.named', 'ops.partitions.bounds');
delete from ops.retention_policies where name = 'alerts';
delete from ops.backup_tiers where table_name in ('ops.alerts', 'ops.workers', 'ops.running_jobs', 'ops.job_totals');
drop table ops.job_totals;
drop table ops.running_jobs;
drop table ops.workers;
drop table ops.alerts;
