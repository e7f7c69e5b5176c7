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
