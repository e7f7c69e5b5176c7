create or replace function groups.set_voice_state(
  p_self_mute boolean default null,
  p_self_deaf boolean default null,
  p_self_video boolean default null,
  p_self_stream boolean default null
)
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
  select * into session
  from groups.voice_sessions as current_one
  where current_one.user_id = me and current_one.left_at is null
  for no key update;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  if p_self_video or p_self_stream then
    perform groups.permitted_channel(session.channel_id, 'STREAM');
  end if;
  update groups.voice_sessions as current_one
  set self_mute = coalesce(p_self_mute, current_one.self_mute),
      self_deaf = coalesce(p_self_deaf, current_one.self_deaf),
      self_video = coalesce(p_self_video, current_one.self_video),
      self_stream = coalesce(p_self_stream, current_one.self_stream)
  where current_one.id = session.id
  returning * into session;
  return session;
end
$$;

comment on function groups.set_voice_state(boolean, boolean, boolean, boolean) is
  'Switches the caller''s microphone, ears, camera and screen; what is not said stays. Camera and screen need STREAM (channel.not_allowed). Refuses somebody who is in no voice channel (voice.not_connected).';

revoke all on function groups.set_voice_state(boolean, boolean, boolean, boolean) from public;
grant execute on function groups.set_voice_state(boolean, boolean, boolean, boolean) to stoa_member;
