create or replace function core.owns_things(p_user_id uuid)
returns boolean
language plpgsql
stable
-- Asks tables of every module.
security definer
set search_path = ''
as $$
declare
  rule core.ownership_rules;
  found_one boolean;
begin
  for rule in select * from core.ownership_rules order by table_name, owner_column loop
    execute format(
      'select exists (select from %s as target where target.%I = $1 and (%s))',
      rule.table_name::regclass, rule.owner_column, rule.condition
    )
    into found_one
    using p_user_id;

    if found_one then
      return true;
    end if;
  end loop;

  return false;
end
$$;

comment on function core.owns_things(uuid) is
  'Whether a person owns something that others use, by the rules that the modules registered in core.ownership_rules. One query a rule.';

revoke all on function core.owns_things(uuid) from public;
grant execute on function core.owns_things(uuid) to stoa_worker;
