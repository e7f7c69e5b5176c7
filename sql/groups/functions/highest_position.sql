create or replace function groups.highest_position(p_group_id uuid, p_user_id uuid)
returns integer
language sql
stable
begin atomic
  select case
    when target.owner_id = p_user_id then 2147483647
    when member.user_id is null then -1
    else coalesce(
      (
        select max(role.position)
        from groups.group_member_roles as assigned
        join groups.roles as role on role.id = assigned.role_id
        where assigned.group_id = p_group_id
          and assigned.user_id = p_user_id
      ),
      0
    )
  end
  from groups.groups as target
  left join groups.group_members as member on member.group_id = target.id and member.user_id = p_user_id
  where target.id = p_group_id;
end;

comment on function groups.highest_position(uuid, uuid) is
  'Internal. The rank of a person in a group: above everything for the owner, else the highest role, 0 for a member without one, -1 for somebody who does not belong.';

revoke all on function groups.highest_position(uuid, uuid) from public;
