create or replace function groups.can_in_group(p_group_id uuid, p_permission text)
returns boolean
language plpgsql
stable
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
begin
  return groups.my_permissions(p_group_id) & groups.permission(p_permission) <> 0;
end
$$;

comment on function groups.can_in_group(uuid, text) is
  E'@internal\nWhether the caller holds a permission, named as in permission_bits, in a group as a whole.';

revoke all on function groups.can_in_group(uuid, text) from public;
grant execute on function groups.can_in_group(uuid, text) to stoa_anonymous;
