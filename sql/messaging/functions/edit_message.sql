create or replace function messaging.edit_message(p_conversation_id uuid, p_message_id uuid, p_content text)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
  message messaging.messages;
  new_content text;
begin
  perform core.require_unrestricted('chat');
  select * into conversation
  from messaging.conversations as candidate
  where candidate.id = p_conversation_id
    and messaging.is_participant(p_conversation_id);
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  -- An edit reaches the other side like a message.
  perform messaging.check_pair(conversation);
  message := messaging.lock_message(p_conversation_id, p_message_id);
  if message.type = 'system' then
    perform core.fail('message.system');
  end if;
  if message.sender_id is distinct from me then
    perform core.fail('message.not_author');
  end if;
  if message.deleted_at is not null then
    perform core.fail('message.deleted');
  end if;
  if message.inserted_at < now() - make_interval(hours => core.setting_integer('messages.edit_hours')::integer) then
    perform core.fail('message.edit_too_late');
  end if;

  new_content := coalesce(
    core.clean_text(
      p_content,
      case when message.encrypted then 32768 else 8000 end,
      not exists (
        select
        from messaging.message_attachments as file
        where file.conversation_id = p_conversation_id
          and file.message_id = p_message_id
      )
    ),
    ''
  );
  if new_content <> message.content then
    update messaging.messages as target
    set content = new_content,
        edited_at = now()
    where target.conversation_id = p_conversation_id
      and target.id = p_message_id
    returning * into message;
    perform core.announce('conversation', array[p_conversation_id || '/' || p_message_id]);
  end if;
  return message;
end
$$;

comment on function messaging.edit_message(uuid, uuid, text) is
  'Changes the text of an own message, for 24 hours (setting messages.edit_hours). Refuses conversation.unknown, conversation.refused, message.unknown, message.system, message.not_author, message.deleted, message.edit_too_late, input.empty (a message with files may lose its text) and input.too_long. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.edit_message(uuid, uuid, text) from public;
grant execute on function messaging.edit_message(uuid, uuid, text) to stoa_member;
