create or replace function groups.leave_group(p_group_id uuid)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  perform from groups.groups as target where target.id = p_group_id for no key update;
  member := groups.require_membership(p_group_id, me);
  if exists (select from groups.groups as target where target.id = p_group_id and target.owner_id = me) then
    perform core.fail('group.owner_stays');
  end if;
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = me;
  return member;
end
$$;

comment on function groups.leave_group(uuid) is
  'Leaves a group: roles, overrides, followed threads and read markers go, messages stay. Refuses somebody who does not belong (group_member.unknown) and the owner, who hands the group over or deletes it (group.owner_stays).';

revoke all on function groups.leave_group(uuid) from public;
grant execute on function groups.leave_group(uuid) to stoa_member;
