create or replace function messaging.append_message(
  p_conversation_id uuid,
  p_sender_id uuid,
  p_type text,
  p_content text,
  p_encrypted boolean default false,
  p_reply_to_id uuid default null
)
returns messaging.messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  conversation messaging.conversations;
  message messaging.messages;
begin
  -- The row stays locked until the commit: the next sender gets number and id only after this message is visible.
  update messaging.conversations as target
  set last_seq = target.last_seq + 1,
      last_message_id = messaging.next_message_id(target.last_message_id),
      last_message_at = greatest(clock_timestamp(), target.last_message_at)
  where target.id = p_conversation_id
  returning * into strict conversation;

  insert into messaging.messages (
    conversation_id, id, seq, sender_id, type, content, encrypted, reply_to_id, expires_at, inserted_at
  )
  values (
    p_conversation_id,
    conversation.last_message_id,
    conversation.last_seq,
    p_sender_id,
    p_type,
    p_content,
    p_encrypted,
    p_reply_to_id,
    case
      when p_type <> 'system' then conversation.last_message_at + make_interval(secs => conversation.message_ttl_seconds)
    end,
    conversation.last_message_at
  )
  returning * into message;

  update messaging.conversation_participants as participant
  set last_read_seq = message.seq,
      last_read_message_id = message.id,
      last_read_at = message.inserted_at
  where participant.conversation_id = p_conversation_id
    and participant.user_id = p_sender_id
    and participant.left_at is null;

  perform core.announce('conversation', array[p_conversation_id::text]);
  return message;
end
$$;

comment on function messaging.append_message(uuid, uuid, text, text, boolean, uuid) is
  'Internal. Writes the next message of a conversation that the transaction has locked, and moves the marker of its sender there. Everybody else''s number of unread messages follows by itself. Announced to listeners. Three single-row writes, whatever the number of participants.';

revoke all on function messaging.append_message(uuid, uuid, text, text, boolean, uuid) from public;
