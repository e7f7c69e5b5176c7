create or replace function messaging.lock_conversation(p_conversation_id uuid)
returns messaging.conversations
language plpgsql
volatile
set search_path = ''
as $$
declare
  conversation messaging.conversations;
begin
  -- Asked before as well, so that a stranger cannot hold the row up.
  if messaging.is_participant(p_conversation_id) then
    select * into conversation
    from messaging.conversations as candidate
    where candidate.id = p_conversation_id
    for no key update;
  end if;

  -- And again: the owner may have removed the caller while they waited.
  if conversation.id is null or not messaging.is_participant(p_conversation_id) then
    perform core.fail('conversation.unknown');
  end if;
  return conversation;
end
$$;

comment on function messaging.lock_conversation(uuid) is
  'Internal. The conversation, locked against sends and changes of its people until the transaction ends. Refuses one that the caller is not in (conversation.unknown).';

revoke all on function messaging.lock_conversation(uuid) from public;
