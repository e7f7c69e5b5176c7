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
