create or replace function messaging.restore_message(p_conversation_id uuid, p_message_id uuid)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to update, and nobody reads the removed texts.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation constant messaging.conversations := messaging.lock_conversation(p_conversation_id);
  message messaging.messages;
  kept messaging.removed_texts;
begin
  perform core.require_unrestricted('chat');
  -- A restored message reaches the other side like a new one.
  perform messaging.check_pair(conversation);
  message := messaging.lock_message(p_conversation_id, p_message_id);
  if message.deleted_at is null then
    perform core.fail('message.not_deleted');
  end if;
  if message.deleted_by is distinct from me then
    perform core.fail('message.not_deleter');
  end if;

  delete from messaging.removed_texts as removed
  where removed.conversation_id = p_conversation_id
    and removed.message_id = p_message_id
  returning * into kept;
  if not found or kept.removed_at < now() - interval '30 days' then
    perform core.fail('message.restore_too_late');
  end if;
  update messaging.messages as target
  set content = kept.content,
      deleted_at = null,
      deleted_by = null
  where target.conversation_id = p_conversation_id
    and target.id = p_message_id
  returning * into message;
  perform core.announce('conversation', array[p_conversation_id || '/' || p_message_id]);
  return message;
end
$$;

comment on function messaging.restore_message(uuid, uuid) is
  'Brings a message back that the caller deleted, for 30 days. Refuses conversation.unknown, conversation.refused, message.unknown, message.not_deleted, message.not_deleter and message.restore_too_late. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.restore_message(uuid, uuid) from public;
grant execute on function messaging.restore_message(uuid, uuid) to stoa_member;
