create or replace function groups.set_nickname(p_group_id uuid, p_nickname text, p_user_id uuid default null)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  nick constant text := core.clean_text(p_nickname, 32, false);
  whose constant uuid := coalesce(p_user_id, core.current_user_id());
  member groups.group_members;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_membership(p_group_id, whose);
  if whose <> me then
    perform groups.require_permission(p_group_id, 'MANAGE_NICKNAMES');
    perform groups.require_above(p_group_id, whose);
  elsif not groups.can_in_group(p_group_id, 'MANAGE_NICKNAMES') then
    perform groups.require_permission(p_group_id, 'CHANGE_NICKNAME');
  end if;
  update groups.group_members as target
  set nickname = nick
  where target.group_id = p_group_id and target.user_id = whose
  returning * into member;
  return member;
end
$$;

comment on function groups.set_nickname(uuid, text, uuid) is
  'Sets the name that a member goes by in a group; null clears it. The caller''s own needs CHANGE_NICKNAME, that of another MANAGE_NICKNAMES (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown). Limit: 32 characters.';

revoke all on function groups.set_nickname(uuid, text, uuid) from public;
grant execute on function groups.set_nickname(uuid, text, uuid) to stoa_member;
