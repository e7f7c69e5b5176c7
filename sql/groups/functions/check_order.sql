create or replace function groups.check_order(p_given uuid[], p_wanted uuid[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_given is null
    or cardinality(p_given) <> cardinality(p_wanted)
    or not (p_given @> p_wanted and p_wanted @> p_given)
    or array_position(p_given, null) is not null
  then
    perform core.fail('group.order_incomplete');
  end if;
end
$$;

comment on function groups.check_order(uuid[], uuid[]) is
  'Internal. Lets a new order pass when it holds exactly what there is, each once. Refuses group.order_incomplete.';

revoke all on function groups.check_order(uuid[], uuid[]) from public;
