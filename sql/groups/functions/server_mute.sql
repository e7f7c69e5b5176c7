create or replace function groups.server_mute(
  p_group_id uuid,
  p_user_id uuid,
  p_is_muted boolean default null,
  p_is_deafened boolean default null
)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before groups.group_members;
  after groups.group_members;
begin
  perform groups.locked_group(p_group_id);
  if p_is_muted is not null or p_is_deafened is null then
    perform groups.require_permission(p_group_id, 'MUTE_MEMBERS');
  end if;
  if p_is_deafened is not null then
    perform groups.require_permission(p_group_id, 'DEAFEN_MEMBERS');
  end if;
  before := groups.require_membership(p_group_id, p_user_id);
  perform groups.require_above(p_group_id, p_user_id);
  update groups.group_members as member
  set mute = coalesce(p_is_muted, member.mute),
      deaf = coalesce(p_is_deafened, member.deaf)
  where member.group_id = p_group_id and member.user_id = p_user_id
  returning * into after;
  update groups.voice_sessions as session
  set server_mute = after.mute,
      server_deaf = after.deaf
  where session.group_id = p_group_id and session.user_id = p_user_id and session.left_at is null;
  perform audit.record(
    'server_mute_member', 'groups.group_members', p_user_id,
    jsonb_build_object('mute', before.mute, 'deaf', before.deaf), jsonb_build_object('mute', after.mute, 'deaf', after.deaf),
    null, p_group_id, jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  return after;
end
$$;

comment on function groups.server_mute(uuid, uuid, boolean, boolean) is
  E'@name server_mute_member\n@argument is_deafened Whether they hear nothing; left out: as it is.\n@argument is_muted Whether nobody hears them; left out: as it is.\nMutes or deafens a member in the voice channels of a group, now and when they come again; what is not said stays. Muting needs MUTE_MEMBERS, deafening DEAFEN_MEMBERS (group.not_allowed), both a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Audited.';

revoke all on function groups.server_mute(uuid, uuid, boolean, boolean) from public;
grant execute on function groups.server_mute(uuid, uuid, boolean, boolean) to stoa_member;
