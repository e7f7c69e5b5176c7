create or replace function groups.groups_my_permissions(p_group groups.groups)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return groups.my_permissions(p_group.id);
end
$$;

comment on function groups.groups_my_permissions(groups.groups) is
  'What the caller may do in the group, as a bitfield; see my_group_permissions.';

revoke all on function groups.groups_my_permissions(groups.groups) from public;
grant execute on function groups.groups_my_permissions(groups.groups) to stoa_anonymous;
