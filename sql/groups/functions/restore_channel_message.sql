create or replace function groups.restore_channel_message(p_channel_id uuid, p_message_id uuid)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  message groups.channel_messages;
begin
  perform core.require_unrestricted('chat');
  perform groups.visible_channel(p_channel_id);
  perform from groups.channels as channel where channel.id = p_channel_id for no key update;
  select * into message
  from groups.channel_messages as target
  where target.channel_id = p_channel_id and target.id = p_message_id and target.deleted_by = me
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  if message.deleted_at <= now() - interval '30 days' then
    perform core.fail('channel_message.restore_too_late');
  end if;
  update groups.channel_messages as target
  set deleted_at = null,
      deleted_by = null
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  perform core.announce('channel', array[p_channel_id || '/' || p_message_id]);
  return message;
end
$$;

comment on function groups.restore_channel_message(uuid, uuid) is
  'Brings a deleted message back, within 30 days; only whoever deleted it (else channel_message.unknown). Refuses channel.unknown and a message deleted too long ago (channel_message.restore_too_late). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.restore_channel_message(uuid, uuid) from public;
grant execute on function groups.restore_channel_message(uuid, uuid) to stoa_member;
