create or replace function messaging.lock_message(p_conversation_id uuid, p_message_id uuid)
returns messaging.messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  participant messaging.conversation_participants;
  message messaging.messages;
begin
  -- Shared: their removal from the group waits for this, or this for it.
  select * into participant
  from messaging.conversation_participants as candidate
  where candidate.conversation_id = p_conversation_id
    and candidate.user_id = core.current_user_id()
    and candidate.left_at is null
  for share;
  if not found then
    perform core.fail('conversation.unknown');
  end if;

  select * into message
  from messaging.messages as candidate
  where candidate.conversation_id = p_conversation_id
    and candidate.id = p_message_id
    and (candidate.expires_at is null or candidate.expires_at > now())
    and (participant.history_from_id is null or candidate.id > participant.history_from_id)
  for no key update;
  if not found then
    perform core.fail('message.unknown');
  end if;
  return message;
end
$$;

comment on function messaging.lock_message(uuid, uuid) is
  'Internal. A message that the caller sees, locked until the transaction ends. Refuses conversation.unknown and message.unknown.';

revoke all on function messaging.lock_message(uuid, uuid) from public;
