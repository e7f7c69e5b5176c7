create or replace function ops.held_rows(p_parent text, p_partition text)
returns bigint
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
as $$
declare
  condition constant text := ops.held_condition(p_parent);
  held bigint := 0;
begin
  if condition is not null then
    execute format('select count(*) from %s as target where %s', p_partition::regclass, condition) into held;
  end if;
  return held;
end
$$;

comment on function ops.held_rows(text, text) is
  'How many rows of a partition, attached or not, legal holds keep. Reads the partition when there is a hold that could, nothing else.';

revoke all on function ops.held_rows(text, text) from public;
grant execute on function ops.held_rows(text, text) to stoa_worker;
