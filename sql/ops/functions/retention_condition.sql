create or replace function ops.retention_condition(p_name text, p_now timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  rule ops.retention_policies;
begin
  select * into rule from ops.retention_policies where name = p_name;
  if not found then
    raise exception 'there is no retention rule "%"', p_name using errcode = 'XX000';
  end if;
  return replace(
    replace(rule.predicate, ':now', quote_literal(p_now) || '::timestamptz'),
    ':before',
    '(' || quote_literal(p_now - coalesce(rule.age, interval '0')) || '::timestamptz)'
  );
end
$$;

comment on function ops.retention_condition(text, timestamptz) is
  'The condition of a rule on a row target, as SQL, with the clock and the age put in.';

revoke all on function ops.retention_condition(text, timestamptz) from public;
