create or replace function groups.delete_channel(p_channel_id uuid)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
begin
  channel := groups.visible_channel(p_channel_id);
  perform groups.locked_group(channel.group_id);
  perform groups.permitted_channel(p_channel_id, case channel.type when 'thread' then 'MANAGE_THREADS' else 'MANAGE_CHANNELS' end);
  update groups.channels as target
  set deleted_at = now()
  where target.id = p_channel_id and target.deleted_at is null
  returning * into channel;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  update groups.voice_sessions as session
  set left_at = greatest(clock_timestamp(), session.joined_at)
  where session.channel_id = p_channel_id and session.left_at is null;
  perform audit.record(
    'delete_channel', 'groups.channels', p_channel_id, jsonb_build_object('name', channel.name), null, p_group_id => channel.group_id
  );
  return channel;
end
$$;

comment on function groups.delete_channel(uuid) is
  'Deletes a channel with its threads and messages: nobody sees them any more, and they are purged after 30 days. Voice sessions in it end. Needs MANAGE_CHANNELS there (channel.not_allowed); for a thread, MANAGE_THREADS. Refuses channel.unknown. Audited.';

revoke all on function groups.delete_channel(uuid) from public;
grant execute on function groups.delete_channel(uuid) to stoa_member;
