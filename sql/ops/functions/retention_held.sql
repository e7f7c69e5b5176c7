create or replace function ops.retention_held(p_name text, p_now timestamptz)
returns bigint
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
as $$
declare
  target_table constant text := (select policy.target from ops.retention_policies as policy where policy.name = p_name);
  predicate constant text := ops.retention_condition(p_name, p_now);
  held constant text := ops.held_condition(target_table);
  amount bigint := 0;
begin
  if held is not null then
    execute format('select count(*) from %s as target where (%s) and %s', target_table::regclass, predicate, held)
    into amount;
  end if;
  return amount;
end
$$;

comment on function ops.retention_held(text, timestamptz) is
  'How many rows a retention rule would take if no legal hold kept them. Reads nothing while no hold could; otherwise as much as ops.retention_due.';

revoke all on function ops.retention_held(text, timestamptz) from public;
grant execute on function ops.retention_held(text, timestamptz) to stoa_worker;
