create or replace function groups.delete_group(p_group_id uuid)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target_group groups.groups;
begin
  target_group := groups.locked_group(p_group_id);
  if target_group.owner_id <> me and core.current_role_rank() < 3 then
    perform core.fail('group.not_allowed');
  end if;
  perform groups.check_second_factor(p_group_id);
  update groups.groups as target set deleted_at = now() where target.id = p_group_id returning * into target_group;
  update groups.voice_sessions as session
  set left_at = greatest(clock_timestamp(), session.joined_at)
  where session.group_id = p_group_id and session.left_at is null;
  perform audit.record('delete_group', 'groups.groups', p_group_id, p_group_id => p_group_id);
  return target_group;
end
$$;

comment on function groups.delete_group(uuid) is
  'Deletes a group: nobody sees it any more, and its owner can restore it for 30 days; then it is purged. Voice sessions end. Only its owner or an administrator of the platform (group.not_allowed). Refuses group.unknown. Audited.';

revoke all on function groups.delete_group(uuid) from public;
grant execute on function groups.delete_group(uuid) to stoa_member;
