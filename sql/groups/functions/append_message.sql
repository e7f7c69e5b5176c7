create or replace function groups.append_message(
  p_channel_id uuid,
  p_type text,
  p_sender_id uuid default null,
  p_webhook_id uuid default null,
  p_content text default '',
  p_reply_to_id uuid default null,
  p_tts boolean default false,
  p_mention_everyone boolean default false,
  p_metadata jsonb default null
)
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  channel groups.channels;
  message groups.channel_messages;
begin
  select * into channel
  from groups.channels as target
  where target.id = p_channel_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel.unknown');
  end if;
  insert into groups.channel_messages (
    channel_id, id, seq, sender_id, webhook_id, type, content, reply_to_id, tts, mention_everyone, metadata
  )
  values (
    p_channel_id, groups.next_id(channel.last_message_id), channel.last_seq + 1, p_sender_id, p_webhook_id, p_type, p_content,
    p_reply_to_id, p_tts, p_mention_everyone, p_metadata
  )
  returning * into message;
  update groups.channels as target
  set last_seq = message.seq,
      last_message_id = message.id,
      last_message_at = clock_timestamp()
  where target.id = p_channel_id;
  if channel.type = 'thread' then
    update groups.threads as thread
    set message_count = thread.message_count + 1,
        archived_at = null
    where thread.channel_id = p_channel_id;
  end if;
  perform core.announce('channel', array[p_channel_id::text]);
  return message;
end
$$;

comment on function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb) is
  'Internal. Writes a message at the end of a channel: everything that writes messages comes through here. Locks the channel until the transaction ends, makes identifier and sequence number under that lock, moves the channel''s newest message and, in a thread, its count. Announced to listeners. Refuses a channel that was deleted meanwhile (channel.unknown).';

revoke all on function groups.append_message(uuid, text, uuid, uuid, text, uuid, boolean, boolean, jsonb) from public;
