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
