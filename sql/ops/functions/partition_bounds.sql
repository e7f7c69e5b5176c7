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
