create or replace function messaging.delete_message(p_conversation_id uuid, p_message_id uuid)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation constant messaging.conversations := messaging.lock_conversation(p_conversation_id);
  message messaging.messages := messaging.lock_message(p_conversation_id, p_message_id);
begin
  if message.type = 'system' then
    perform core.fail('message.system');
  end if;
  if message.sender_id is distinct from me and conversation.owner_id is distinct from me then
    perform core.fail('message.not_author');
  end if;
  if message.deleted_at is not null then
    perform core.fail('message.already_deleted');
  end if;

  insert into messaging.removed_texts (conversation_id, message_id, content)
  values (p_conversation_id, p_message_id, message.content);
  update messaging.messages as target
  set content = '',
      deleted_at = now(),
      deleted_by = me
  where target.conversation_id = p_conversation_id
    and target.id = p_message_id
  returning * into message;
  perform core.announce('conversation', array[p_conversation_id || '/' || p_message_id]);
  return message;
end
$$;

comment on function messaging.delete_message(uuid, uuid) is
  'Deletes an own message, or any message of a group that the caller owns. It stays as a tombstone in its place, without text, files and reactions, and counts as unread where it was; whoever deleted it can restore it for 30 days. Refuses conversation.unknown, message.unknown, message.system, message.not_author and message.already_deleted.';

revoke all on function messaging.delete_message(uuid, uuid) from public;
grant execute on function messaging.delete_message(uuid, uuid) to stoa_member;
