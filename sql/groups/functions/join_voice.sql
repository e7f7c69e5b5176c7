create or replace function groups.join_voice(p_channel_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  member groups.group_members;
  session groups.voice_sessions;
begin
  perform core.require_unrestricted('chat');
  channel := groups.permitted_channel(p_channel_id, 'CONNECT');
  if channel.type <> 'voice' then
    perform core.fail('channel.wrong_type');
  end if;
  -- Two entries of one person at once wait for each other; a ban that is under way waits for this one.
  perform pg_advisory_xact_lock(hashtextextended('groups.voice:' || me, 0));
  select * into member
  from groups.group_members as target
  where target.group_id = channel.group_id and target.user_id = me
  for key share;
  if not found then
    perform core.fail('channel.not_allowed');
  end if;
  select * into channel
  from groups.channels as target
  where target.id = p_channel_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  update groups.voice_sessions as former
  set left_at = greatest(clock_timestamp(), former.joined_at)
  where former.user_id = me and former.left_at is null;
  if (
    select count(*) from groups.voice_sessions as open_one where open_one.channel_id = p_channel_id and open_one.left_at is null
  ) >= channel.user_limit and not groups.can(p_channel_id, 'MOVE_MEMBERS') then
    perform core.fail('voice.full');
  end if;
  insert into groups.voice_sessions (group_id, channel_id, user_id, server_mute, server_deaf)
  values (channel.group_id, p_channel_id, me, member.mute, member.deaf)
  returning * into session;
  return session;
end
$$;

comment on function groups.join_voice(uuid) is
  'Enters a voice channel; wherever else the caller was, they leave. Needs CONNECT (channel.not_allowed). Refuses channel.unknown, a channel that is not for voice (channel.wrong_type), and a full one (voice.full; MOVE_MEMBERS is exempt). Counted under the lock of the channel, so that it never holds more than it may. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.join_voice(uuid) from public;
grant execute on function groups.join_voice(uuid) to stoa_member;
