create or replace function groups.edit_channel_message(p_channel_id uuid, p_message_id uuid, p_content text)
returns groups.channel_messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  message groups.channel_messages;
begin
  perform core.require_unrestricted('chat');
  channel := groups.writable_channel(p_channel_id);
  message := groups.locked_message(p_channel_id, p_message_id);
  if message.sender_id is distinct from me then
    perform core.fail('channel_message.not_author');
  end if;
  if message.type not in ('default', 'image', 'file') or message.inserted_at <= now() - interval '24 hours' then
    perform core.fail('channel_message.edit_too_late');
  end if;
  update groups.channel_messages as target
  set content = coalesce(core.clean_text(p_content, 8000, message.type = 'default'), ''),
      edited_at = now()
  where target.channel_id = p_channel_id and target.id = p_message_id
  returning * into message;
  perform core.announce('channel', array[p_channel_id || '/' || p_message_id]);
  perform groups.write_mentions(message, groups.my_permissions(channel.group_id, p_channel_id));
  return message;
end
$$;

comment on function groups.edit_channel_message(uuid, uuid, text) is
  'Changes the text of one''s own message, within 24 hours. Mentions are read anew; nobody is told of new ones. Refuses channel.unknown, channel.not_allowed, group_member.timed_out, thread.locked and what else keeps from writing there; channel_message.unknown, a message of somebody else (channel_message.not_author), one that the group wrote itself or that is too old (channel_message.edit_too_late), and texts as sending does. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.edit_channel_message(uuid, uuid, text) from public;
grant execute on function groups.edit_channel_message(uuid, uuid, text) to stoa_member;
