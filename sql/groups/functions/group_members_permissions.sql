create or replace function groups.group_members_permissions(p_member groups.group_members)
returns bigint
language plpgsql
stable
-- Works out the permissions of another member.
security definer
set search_path = ''
as $$
begin
  if core.current_role_rank() >= 2 or p_member.group_id in (select groups.my_group_ids()) then
    return groups.permissions_of(p_member.group_id, p_member.user_id);
  end if;
  return null;
end
$$;

comment on function groups.group_members_permissions(groups.group_members) is
  'What the member may do in the group as a whole, as a bitfield (permission_bits); null when the caller does not belong to the group.';

revoke all on function groups.group_members_permissions(groups.group_members) from public;
grant execute on function groups.group_members_permissions(groups.group_members) to stoa_member;
