create or replace function groups.kick(p_group_id uuid, p_user_id uuid, p_reason text default null)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  member groups.group_members;
begin
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'KICK_MEMBERS');
  member := groups.require_membership(p_group_id, p_user_id);
  perform groups.require_above(p_group_id, p_user_id);
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = p_user_id;
  perform audit.record(
    'kick_group_member', 'groups.group_members', p_user_id, p_reason => why, p_group_id => p_group_id,
    p_resource_key => jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were removed from the group ' || target_group.name, why, jsonb_build_object('group_id', p_group_id)
  );
  return member;
end
$$;

comment on function groups.kick(uuid, uuid, text) is
  E'@name kick_group_member\nRemoves somebody from a group; they may join again. Needs KICK_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.kick(uuid, uuid, text) from public;
grant execute on function groups.kick(uuid, uuid, text) to stoa_member;
