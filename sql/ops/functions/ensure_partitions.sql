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
