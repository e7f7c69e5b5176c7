-- Why: operators are told what is the matter, a job says from start to end that it runs, what a killed worker held is
-- given back, and a partition is made in a transaction of its own that does not make writers wait for long.
-- New: ops.begin_run, ops.finish_run, ops.make_partition, ops.raise_alert, ops.recover_jobs,
--   ops.resolve_alert, ops.watch_jobs, ops.watch_partitions, ops policies alerts, ops policies job_totals,
--   ops policies running_jobs, ops policies workers.
-- Changed: ops.ensure_partitions, ops.figures, ops.partition_bounds, ops policies job_runs.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/functions/begin_run.sql
create or replace function ops.begin_run(p_task text, p_worker_id text, p_is_exclusive boolean)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  run constant uuid := core.uuidv7();
begin
  insert into ops.running_jobs (run_id, task, worker_id, is_exclusive)
  values (run, p_task, p_worker_id, p_is_exclusive)
  on conflict (task) where is_exclusive do nothing;
  if not found then
    return null;
  end if;

  insert into ops.job_runs (id, task) values (run, p_task);
  return run;
end
$$;

comment on function ops.begin_run(text, text, boolean) is
  'Worker: records that a worker begins a run of a task, and returns the run; null when the task runs once at a time and somebody is at it. Two rows.';

revoke all on function ops.begin_run(text, text, boolean) from public;
grant execute on function ops.begin_run(text, text, boolean) to stoa_worker;

-- Object: ops/functions/ensure_partitions.sql
create or replace function ops.ensure_partitions(p_parent text default null, p_now timestamptz default now())
returns setof text
language plpgsql
volatile
-- Reads the registry for callers who cannot, and makes what belongs to the owner.
security definer
set search_path = ''
as $$
declare
  registered text;
  made text;
begin
  if p_parent is not null and not exists (select from ops.partition_policies where parent = p_parent) then
    raise exception 'table "%" has no partition policy', p_parent using errcode = 'XX000';
  end if;

  for registered in
    select parent
    from ops.partition_policies
    where p_parent is null or parent = p_parent
    order by parent
  loop
    loop
      made := ops.make_partition(registered, p_now);
      exit when made is null;
      return next made;
    end loop;
  end loop;
end
$$;

comment on function ops.ensure_partitions(text, timestamptz) is
  'Makes the partitions that a table needs around p_now: everything since its newest partition, the current period and as many ahead as its policy says; all registered tables when no parent is named. Returns the names of what it made, nothing when there was nothing to do. Refuses a table without a policy. All in one transaction, which keeps the locks of ops.make_partition to its end: for migrations and imports; the job calls ops.make_partition once a transaction.';

revoke all on function ops.ensure_partitions(text, timestamptz) from public;
grant execute on function ops.ensure_partitions(text, timestamptz) to stoa_worker;

-- Object: ops/functions/figures.sql
create or replace function ops.figures()
returns table (figure text, label text, value double precision)
language plpgsql
stable
-- The registries and the queue have no grant; this tells counts and ages, and nothing of what is in a job.
security definer
set search_path = ''
as $$
begin
  return query
  select 'partitions_ahead', status.parent, status.ahead::double precision
  from ops.partition_status(now()) as status;

  return query
  with recursive task (name) as (
    -- One look-up a task instead of all of their runs.
    select min(run.task) from ops.job_runs as run
    union all
    select (select min(run.task) from ops.job_runs as run where run.task > task.name)
    from task
    where task.name is not null
  )
  select 'job_success_age_seconds', task.name, extract(epoch from now() - last_run.finished_at)::double precision
  from task
  cross join lateral (
    select run.finished_at
    from ops.job_runs as run
    where run.task = task.name
      and run.status = 'ok'
    order by run.id desc
    limit 1
  ) as last_run;

  return query
  select 'job_failures', run.task, count(*)::double precision
  from ops.job_runs as run
  where run.status = 'failed'
    and run.id >= core.uuidv7_floor(now() - interval '1 day')
  group by run.task;

  return query
  select 'jobs_failed', total.task, total.failures::double precision
  from ops.job_totals as total;

  return query
  select 'alerts_open', alert.level || ' ' || alert.name, count(*)::double precision
  from ops.alerts as alert
  where alert.resolved_at is null
  group by alert.level, alert.name;

  return query
  select 'workers', '', count(*)::double precision
  from ops.workers as worker
  where worker.seen_at > now() - interval '1 minute';

  -- The queue makes its tables itself, when the first worker or migration needs them.
  if to_regclass('graphile_worker.jobs') is not null then
    return query
    select due.figure, '', due.value
    from (
      select
        count(*) filter (where job.run_at <= now() and job.attempts < job.max_attempts) as waiting,
        extract(epoch from now() - min(job.run_at) filter (where job.run_at <= now() and job.attempts < job.max_attempts)) as oldest,
        count(*) filter (where job.attempts >= job.max_attempts) as given_up
      from graphile_worker.jobs as job
      where job.locked_at is null
    ) as queue
    cross join lateral (
      values
        ('jobs_due', queue.waiting::double precision),
        ('jobs_oldest_due_age_seconds', coalesce(queue.oldest, 0)::double precision),
        ('jobs_given_up', queue.given_up::double precision)
    ) as due (figure, value);
  end if;
end
$$;

comment on function ops.figures() is
  'What operators watch: partitions ahead of each table, age in seconds of the last success of each job and its failures of a day and since ever, alerts that are open by level and name, workers that are there, jobs that are due, the age of the oldest, and those that were given up. Reads the runs of a day and the queue, so it is asked every few seconds at most.';

revoke all on function ops.figures() from public;
grant execute on function ops.figures() to stoa_auth;

-- Object: ops/functions/finish_run.sql
create or replace function ops.finish_run(p_run uuid, p_status text, p_rows_affected bigint, p_detail jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  ended ops.job_runs;
begin
  delete from ops.running_jobs where run_id = p_run;

  update ops.job_runs
  set status = p_status,
      rows_affected = p_rows_affected,
      detail = p_detail,
      finished_at = clock_timestamp()
  where id = p_run
    and status = 'running'
  returning * into ended;
  -- Taken for dead, and recorded as such.
  if not found then
    return;
  end if;

  insert into ops.job_totals as total (task, runs, failures, rows_affected)
  values (ended.task, 1, (p_status = 'failed')::integer, coalesce(p_rows_affected, 0))
  on conflict (task) do update
  set runs = total.runs + 1,
      failures = total.failures + excluded.failures,
      rows_affected = total.rows_affected + excluded.rows_affected;

  -- A job that looks every minute and finds nothing leaves its newest look, not half a million a year.
  if p_status = 'ok' and coalesce(p_rows_affected, 0) = 0 then
    delete from ops.job_runs as earlier
    where earlier.id = (
        select previous.id
        from ops.job_runs as previous
        where previous.task = ended.task
          and previous.id < ended.id
        order by previous.id desc
        limit 1
      )
      and earlier.status = 'ok'
      and coalesce(earlier.rows_affected, 0) = 0
      and earlier.started_at > ended.started_at - interval '45 minutes';
  end if;
end
$$;

comment on function ops.finish_run(uuid, text, bigint, jsonb) is
  'Worker: records how a run ended and adds it to the totals of its task. Of runs less than 45 minutes apart that found nothing to do, only the newest stays. A run that was taken for dead is left as it is. Some look-ups by key.';

revoke all on function ops.finish_run(uuid, text, bigint, jsonb) from public;
grant execute on function ops.finish_run(uuid, text, bigint, jsonb) to stoa_worker;

-- Object: ops/functions/make_partition.sql
create or replace function ops.make_partition(
  p_parent text,
  p_now timestamptz default now(),
  p_patience interval default '10 seconds'
)
returns text
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
  partition_name text;
  lower_bound text;
  upper_bound text;
  guard record;
  attempt integer := 1;
  began constant timestamptz := clock_timestamp();
begin
  select * into policy from ops.partition_policies where parent = p_parent;
  if not found then
    raise exception 'table "%" has no partition policy', p_parent using errcode = 'XX000';
  end if;

  -- Two managers at once: the second waits, then finds nothing left to make.
  perform pg_advisory_xact_lock(hashtextextended('ops.ensure_partitions:' || policy.parent, 0));

  step := ('1 ' || policy.period)::interval;

  -- Bounds are read back from the catalog rather than counted, so a manager that slept for months leaves no gap.
  select max(bound.upper_bound at time zone 'UTC') into next_start
  from ops.partition_bounds(policy.parent) as bound;

  if next_start is null then
    next_start := date_trunc(policy.period, p_now at time zone 'UTC');
    if policy.key_kind = 'uuidv7' then
      -- Rows of an imported community get ids made from their historical time: one partition takes all of them.
      next_start := next_start - step;
    end if;
    lower_bound := 'minvalue';
  end if;

  if next_start > date_trunc(policy.period, p_now at time zone 'UTC') + policy.ahead * step then
    return null;
  end if;

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

  -- With foreign keys, attaching also locks each table at their other end against writers, the parent itself where it
  -- points at itself. Whoever waits for such a lock makes every writer behind it wait too: so it waits for moments
  -- that grow from 20 ms to a quarter of a second, and lets everybody through in between.
  loop
    begin
      perform set_config('lock_timeout', least(20 * attempt, 250) || 'ms', true);
      execute format(
        'alter table %s attach partition parts.%I for values from (%s) to (%s)',
        policy.parent, partition_name, lower_bound, upper_bound
      );
      exit;
    exception
      when lock_not_available or deadlock_detected then
        if clock_timestamp() > began + p_patience then
          raise;
        end if;
    end;
    attempt := attempt + 1;
    perform pg_sleep(0.05 + random() * 0.15);
  end loop;

  return 'parts.' || partition_name;
end
$$;

comment on function ops.make_partition(text, timestamptz, interval) is
  'Makes the next partition that a table needs around p_now, one that begins where its newest ends, and returns its name; null when it has the current period and as many ahead as its policy says. The first of a table keyed by version 7 ids is "history", without a lower end. Periods are those of UTC. Refuses a table without a policy. Takes SHARE UPDATE EXCLUSIVE on the parent, and SHARE ROW EXCLUSIVE on tables that foreign keys of the parent name or that name it, until the transaction ends: call it in a transaction of its own. It waits for those locks a quarter of a second at a time and tries again for p_patience; then it fails (55P03).';

revoke all on function ops.make_partition(text, timestamptz, interval) from public;
grant execute on function ops.make_partition(text, timestamptz, interval) to stoa_worker;

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
  join pg_catalog.pg_inherits as link on link.inhparent = to_regclass(policy.parent)
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

-- Object: ops/functions/raise_alert.sql
create or replace function ops.raise_alert(
  p_name text,
  p_level text,
  p_subject text default '',
  p_detail jsonb default '{}'
)
returns uuid
language plpgsql
volatile
-- Whoever finds that something is the matter need not be able to write the table.
security definer
set search_path = ''
as $$
declare
  levels constant text[] := array['info', 'warning', 'error', 'critical'];
  alert ops.alerts;
  is_news boolean;
begin
  insert into ops.alerts as present (name, level, subject, detail)
  values (p_name, p_level, coalesce(p_subject, ''), coalesce(p_detail, '{}'))
  on conflict (name, subject) where resolved_at is null do update
  set level = excluded.level,
      detail = excluded.detail,
      -- Told once more when it got worse, and not when a figure moved.
      delivered_at = case
        when array_position(levels, excluded.level) > array_position(levels, present.level) then null
        else present.delivered_at
      end
  where (present.level, present.detail) is distinct from (excluded.level, excluded.detail)
  returning * into alert;

  if alert.id is null then
    return (
      select present.id
      from ops.alerts as present
      where present.name = p_name
        and present.subject = coalesce(p_subject, '')
        and present.resolved_at is null
    );
  end if;

  is_news := alert.delivered_at is null;
  if is_news and to_regclass('graphile_worker.jobs') is not null then
    perform core.enqueue('alert_deliver', '{}', 'alert_deliver');
  end if;
  return alert.id;
end
$$;

comment on function ops.raise_alert(text, text, text, jsonb) is
  'Says that something is the matter and returns the alert: a new one, or the open one of that name and subject with the new level and detail. Operators are told when it is new and when it got worse. Level is info, warning, error or critical; the detail holds no personal data and no secret. One index look-up and at most two rows written.';

revoke all on function ops.raise_alert(text, text, text, jsonb) from public;
grant execute on function ops.raise_alert(text, text, text, jsonb) to stoa_worker;

-- Object: ops/functions/recover_jobs.sql
create or replace function ops.recover_jobs(p_grace interval default '30 seconds')
returns table (worker_id text, jobs integer, runs integer)
language plpgsql
volatile
set search_path = ''
as $$
declare
  gone text;
begin
  for gone in
    select worker.id
    from ops.workers as worker
    where worker.seen_at < clock_timestamp() - p_grace
    order by worker.id
    for update skip locked
  loop
    -- Its connection holds this for as long as the process lives, however busy it is.
    continue when not pg_try_advisory_xact_lock(hashtextextended('ops.workers:' || gone, 0));

    update ops.job_runs as run
    set status = 'failed',
        finished_at = clock_timestamp(),
        detail = jsonb_build_object('message', 'the process that ran it ended')
    from ops.running_jobs as running
    where running.worker_id = gone
      and run.id = running.run_id
      and run.status = 'running';
    get diagnostics runs = row_count;

    insert into ops.job_totals as total (task, runs, failures)
    select running.task, count(*), count(*)
    from ops.running_jobs as running
    where running.worker_id = gone
    group by running.task
    order by running.task
    on conflict (task) do update
    set runs = total.runs + excluded.runs,
        failures = total.failures + excluded.failures;

    update graphile_worker._private_jobs as job
    set last_error = 'the process that ran it ended'
    where job.locked_by = gone;
    get diagnostics jobs = row_count;

    -- The timetable has put its successor into the queue meanwhile, and taken its attempts.
    delete from graphile_worker._private_jobs as job
    using graphile_worker._private_tasks as task
    where job.locked_by = gone
      and task.id = job.task_id
      and job.key is null
      and job.attempts >= job.max_attempts
      and exists (
        select from graphile_worker._private_jobs as successor where successor.key = task.identifier
      );

    perform graphile_worker.force_unlock_workers(array[gone]);

    delete from ops.workers as worker where worker.id = gone;
    worker_id := gone;
    return next;
  end loop;
end
$$;

comment on function ops.recover_jobs(interval) is
  'Worker: gives back to the queue what workers held that are gone, and returns each with how many jobs and runs it held. A worker is gone when it has not said for p_grace that it is there, and its connection is no more. An attempt that died counts as one, so a job that kills its worker every time ends as failed. Reads the few rows of ops.workers; scans the queue only for a worker that is gone.';

revoke all on function ops.recover_jobs(interval) from public;
grant execute on function ops.recover_jobs(interval) to stoa_worker;

-- Object: ops/functions/resolve_alert.sql
create or replace function ops.resolve_alert(p_name text, p_subject text default '')
returns boolean
language plpgsql
volatile
-- Whoever finds that it is over need not be able to write the table.
security definer
set search_path = ''
as $$
declare
  was_told boolean;
begin
  update ops.alerts as alert
  set resolved_at = now()
  where alert.name = p_name
    and alert.subject = coalesce(p_subject, '')
    and alert.resolved_at is null
  returning alert.delivered_at is not null into was_told;
  if not found then
    return false;
  end if;

  if was_told and to_regclass('graphile_worker.jobs') is not null then
    perform core.enqueue('alert_deliver', '{}', 'alert_deliver');
  end if;
  return true;
end
$$;

comment on function ops.resolve_alert(text, text) is
  'Says that something is no longer the matter: closes the open alert of that name and subject, tells operators who were told of it, and returns whether there was one. One index look-up when there was none.';

revoke all on function ops.resolve_alert(text, text) from public;
grant execute on function ops.resolve_alert(text, text) to stoa_worker;

-- Object: ops/functions/watch_jobs.sql
create or replace function ops.watch_jobs()
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  failed record;
  repeated record;
begin
  for failed in
    select
      task.identifier,
      count(*) as jobs,
      max(job.id) as newest
    from graphile_worker._private_jobs as job
    join graphile_worker._private_tasks as task on task.id = job.task_id
    where job.attempts >= job.max_attempts
      and job.locked_at is null
    group by task.identifier
    order by task.identifier
  loop
    perform ops.raise_alert(
      'job_failed', 'error', failed.identifier,
      jsonb_build_object('jobs', failed.jobs, 'newestJob', failed.newest)
    );
  end loop;

  perform ops.resolve_alert(alert.name, alert.subject)
  from ops.alerts as alert
  where alert.name = 'job_failed'
    and alert.resolved_at is null
    and not exists (
      select
      from graphile_worker._private_jobs as job
      join graphile_worker._private_tasks as task on task.id = job.task_id
      where task.identifier = alert.subject
        and job.attempts >= job.max_attempts
        and job.locked_at is null
    );

  for repeated in
    select total.task as name, newest.failures, newest.runs
    from ops.job_totals as total
    cross join lateral (
      select count(*) filter (where ended.status = 'failed') as failures, count(*) as runs
      from (
        select run.status
        from ops.job_runs as run
        where run.task = total.task
          and run.status <> 'running'
        order by run.id desc
        limit 3
      ) as ended
    ) as newest
    where total.failures > 0
      -- Of a job that is queued for one event, only failures are recorded.
      and exists (
        select from graphile_worker._private_known_crontabs as entry where entry.identifier = total.task
      )
    order by total.task
  loop
    if repeated.failures = 3 then
      perform ops.raise_alert('job_failing', 'warning', repeated.name, '{}');
    elsif repeated.failures < repeated.runs then
      perform ops.resolve_alert('job_failing', repeated.name);
    end if;
  end loop;
end
$$;

comment on function ops.watch_jobs() is
  'Worker: raises an alert for each task of which a job has failed for the last time, and resolves it when none is left; and for each task of the timetable that failed three times in a row, until it ends well. Says how many, never why: the reason may hold what a person wrote. Scans the queue twice.';

revoke all on function ops.watch_jobs() from public;
grant execute on function ops.watch_jobs() to stoa_worker;

-- Object: ops/functions/watch_partitions.sql
create or replace function ops.watch_partitions(p_now timestamptz default now())
returns setof text
language plpgsql
volatile
set search_path = ''
as $$
declare
  status record;
begin
  for status in
    select parent, ahead, ahead_wanted, covered_until
    from ops.partition_status(p_now)
    order by parent
  loop
    if status.ahead >= 2 and status.covered_until > p_now then
      perform ops.resolve_alert('partitions_low', status.parent);
    else
      perform ops.raise_alert(
        'partitions_low',
        case when coalesce(status.covered_until > p_now, false) then 'error' else 'critical' end,
        status.parent,
        jsonb_build_object('ahead', status.ahead, 'wanted', status.ahead_wanted, 'coveredUntil', status.covered_until)
      );
      return next status.parent;
    end if;
  end loop;

  perform ops.resolve_alert(alert.name, alert.subject)
  from ops.alerts as alert
  where alert.name = 'partitions_low'
    and alert.resolved_at is null
    and not exists (select from ops.partition_policies as policy where policy.parent = alert.subject);
end
$$;

comment on function ops.watch_partitions(timestamptz) is
  'Worker: raises an alert for each table that has fewer than two partitions ahead of p_now, critical when it takes no rows at p_now, resolves those that have enough or are not registered any more, and returns the tables that have not. Reads the catalog entries of the partitions.';

revoke all on function ops.watch_partitions(timestamptz) from public;
grant execute on function ops.watch_partitions(timestamptz) to stoa_worker;

-- Object: ops/policies/alerts.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.alerts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.alerts to stoa_worker;

-- Object: ops/policies/job_runs.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.job_runs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update, delete on ops.job_runs to stoa_worker;

-- Object: ops/policies/job_totals.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.job_totals from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.job_totals to stoa_worker;

-- Object: ops/policies/running_jobs.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.running_jobs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, delete on ops.running_jobs to stoa_worker;

-- Object: ops/policies/workers.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.workers from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update, delete on ops.workers to stoa_worker;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function ops.watch_partitions(timestamptz);
drop function ops.watch_jobs();
drop function ops.resolve_alert(text, text);
drop function ops.recover_jobs(interval);
drop function ops.raise_alert(text, text, text, jsonb);
drop function ops.make_partition(text, timestamptz, interval);
drop function ops.finish_run(uuid, text, bigint, jsonb);
drop function ops.begin_run(text, text, boolean);
revoke all on table ops.alerts from stoa_worker;
revoke all on table ops.job_totals from stoa_worker;
revoke all on table ops.running_jobs from stoa_worker;
revoke all on table ops.workers from stoa_worker;

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

-- Object: ops/functions/figures.sql
create or replace function ops.figures()
returns table (figure text, label text, value double precision)
language plpgsql
stable
-- The registries and the queue have no grant; this tells counts and ages, and nothing of what is in a job.
security definer
set search_path = ''
as $$
begin
  return query
  select 'partitions_ahead', status.parent, status.ahead::double precision
  from ops.partition_status(now()) as status;

  return query
  select 'job_success_age_seconds', run.task, extract(epoch from now() - max(run.finished_at))::double precision
  from ops.job_runs as run
  where run.status = 'ok'
  group by run.task;

  return query
  select 'job_failures', run.task, count(*)::double precision
  from ops.job_runs as run
  where run.status = 'failed'
    and run.id >= core.uuidv7_floor(now() - interval '1 day')
  group by run.task;

  -- The queue makes its tables itself, when the first worker or migration needs them.
  if to_regclass('graphile_worker.jobs') is not null then
    return query
    select due.figure, '', due.value
    from (
      select
        count(*) filter (where job.run_at <= now() and job.attempts < job.max_attempts) as waiting,
        extract(epoch from now() - min(job.run_at) filter (where job.run_at <= now() and job.attempts < job.max_attempts)) as oldest,
        count(*) filter (where job.attempts >= job.max_attempts) as given_up
      from graphile_worker.jobs as job
      where job.locked_at is null
    ) as queue
    cross join lateral (
      values
        ('jobs_due', queue.waiting::double precision),
        ('jobs_oldest_due_age_seconds', coalesce(queue.oldest, 0)::double precision),
        ('jobs_given_up', queue.given_up::double precision)
    ) as due (figure, value);
  end if;
end
$$;

comment on function ops.figures() is
  'What operators watch: partitions ahead of each table, age in seconds of the last success of each job and its failures of a day, jobs that are due, the age of the oldest, and those that were given up. Reads job_runs (90 days of it) and the queue, so it is asked every few seconds at most.';

revoke all on function ops.figures() from public;
grant execute on function ops.figures() to stoa_auth;

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

-- Object: ops/policies/job_runs.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.job_runs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.job_runs to stoa_worker;

-- End of objects
