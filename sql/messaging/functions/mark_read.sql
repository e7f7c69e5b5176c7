create or replace function messaging.mark_read(p_conversation_id uuid, p_up_to uuid default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to update; the marker only moves forward.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
  marker record;
begin
  select * into conversation
  from messaging.conversations as candidate
  where candidate.id = p_conversation_id
    and messaging.is_participant(p_conversation_id);
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  if p_up_to is null then
    select conversation.last_seq as seq, conversation.last_message_id as id into marker;
  else
    select message.seq, message.id into marker
    from messaging.messages as message
    join messaging.conversation_participants as participant
      on participant.conversation_id = message.conversation_id
     and participant.user_id = me
    where message.conversation_id = p_conversation_id
      and message.id = p_up_to
      and (participant.history_from_id is null or message.id > participant.history_from_id);
    if not found then
      perform core.fail('message.unknown');
    end if;
  end if;

  -- Whoever waited for the row compares with what is there then: the marker never goes back.
  update messaging.conversation_participants as participant
  set last_read_seq = marker.seq,
      last_read_message_id = marker.id,
      last_read_at = now()
  where participant.conversation_id = p_conversation_id
    and participant.user_id = me
    and participant.left_at is null
    and participant.last_read_seq < marker.seq;
  return conversation;
end
$$;

comment on function messaging.mark_read(uuid, uuid) is
  E'@name mark_conversation_read\n@argument up_to Up to this message, the newest that was shown; left out: all.\nMoves the caller''s marker forward: everything up to a message is read, or everything that there is when no message is named. Moving it back does nothing. Refuses conversation.unknown and message.unknown. One row is written, no message is counted.';

revoke all on function messaging.mark_read(uuid, uuid) from public;
grant execute on function messaging.mark_read(uuid, uuid) to stoa_member;
