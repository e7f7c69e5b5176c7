create or replace function audit.is_retired(p_log_id uuid)
returns boolean
language sql
stable
set search_path = ''
begin atomic
  select
    policy.retain is not null
    and core.uuidv7_time(p_log_id) < now() - policy.retain
    and not exists (
      select
      from pg_catalog.pg_inherits as link
      join pg_catalog.pg_class as child on child.oid = link.inhrelid
      cross join lateral (
        select
          substring(pg_get_expr(child.relpartbound, child.oid) from 'FROM \(''([^'']+)''\)') as lower_value,
          substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)') as upper_value
      ) as bound
      where link.inhparent = 'audit.logs'::regclass
        and p_log_id < bound.upper_value::uuid
        and (bound.lower_value is null or p_log_id >= bound.lower_value::uuid)
    )
  from ops.partition_policies as policy
  where policy.parent = 'audit.logs';
end;

comment on function audit.is_retired(uuid) is
  'Whether an entry of the log is gone rightly: older than the log is kept, and in no partition that is there.';

revoke all on function audit.is_retired(uuid) from public;
