create or replace function groups.my_group_ids_with(p_permission text)
returns setof uuid
language plpgsql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
begin
  return query
    select mine.id
    from groups.my_group_ids() as mine (id)
    where groups.permissions_of(mine.id, groups.caller_id()) & groups.permission(p_permission) <> 0;
end
$$;

comment on function groups.my_group_ids_with(text) is
  'Internal. The groups in which the caller belongs and holds a permission. A few index look-ups for each of the caller''s groups.';

revoke all on function groups.my_group_ids_with(text) from public;
