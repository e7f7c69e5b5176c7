create or replace function groups.disconnect_member(p_group_id uuid, p_user_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  session groups.voice_sessions;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MOVE_MEMBERS');
  perform groups.require_above(p_group_id, p_user_id);
  update groups.voice_sessions as current_one
  set left_at = greatest(clock_timestamp(), current_one.joined_at)
  where current_one.group_id = p_group_id and current_one.user_id = p_user_id and current_one.left_at is null
  returning * into session;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  perform audit.record(
    'disconnect_member', 'groups.voice_sessions', session.id, p_group_id => p_group_id
  );
  return session;
end
$$;

comment on function groups.disconnect_member(uuid, uuid) is
  'Puts a member out of the voice channel of this group that they are in. Needs MOVE_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who is in none (voice.not_connected). Audited.';

revoke all on function groups.disconnect_member(uuid, uuid) from public;
grant execute on function groups.disconnect_member(uuid, uuid) to stoa_member;
