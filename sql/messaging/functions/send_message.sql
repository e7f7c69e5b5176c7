create or replace function messaging.send_message(
  p_conversation_id uuid,
  p_content text default null,
  p_type text default 'text',
  p_reply_to_id uuid default null,
  p_upload_ids uuid[] default null,
  p_descriptions text[] default null,
  p_encrypted boolean default false,
  p_key text default null
)
returns messaging.messages
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_conversation_id, p_content, p_type, p_reply_to_id, p_upload_ids, p_descriptions, p_encrypted
  );
  has_files constant boolean := coalesce(cardinality(p_upload_ids), 0) > 0;
  earlier jsonb;
  conversation messaging.conversations;
  message messaging.messages;
  message_text text;
begin
  perform core.require_unrestricted('chat');
  earlier := core.recall('messaging.send_message', p_key, arguments);
  if earlier is not null then
    select * into message
    from messaging.messages as sent
    where sent.conversation_id = p_conversation_id
      and sent.id = (earlier ->> 'id')::uuid;
    if not found then
      perform core.fail('message.unknown');
    end if;
    return message;
  end if;

  if p_type is null
    or p_type not in ('text', 'image', 'file')
    or (p_type <> 'text' and not has_files)
  then
    perform core.fail('message.type_invalid');
  end if;
  message_text := coalesce(
    core.clean_text(p_content, case when p_encrypted then 32768 else 8000 end, not has_files),
    ''
  );

  perform messaging.check_pace(me);
  conversation := messaging.lock_conversation(p_conversation_id);
  perform messaging.check_pair(conversation);
  if p_reply_to_id is not null
    and not exists (
      select
      from messaging.messages as answered
      join messaging.conversation_participants as participant
        on participant.conversation_id = answered.conversation_id
       and participant.user_id = me
      where answered.conversation_id = p_conversation_id
        and answered.id = p_reply_to_id
        and answered.deleted_at is null
        and (answered.expires_at is null or answered.expires_at > now())
        and (participant.history_from_id is null or answered.id > participant.history_from_id)
    )
  then
    perform core.fail('message.unknown');
  end if;

  message := messaging.append_message(
    p_conversation_id, me, p_type, message_text, coalesce(p_encrypted, false), p_reply_to_id
  );
  if has_files then
    perform messaging.attach_uploads(message, p_upload_ids, p_descriptions);
  end if;

  if exists (
    select
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id <> me
      and participant.left_at is null
      and not messaging.is_muted(participant)
  ) then
    -- One job waits for a conversation, however fast people write.
    perform core.enqueue(
      'notify_participants',
      json_build_object('conversationId', p_conversation_id, 'messageId', message.id),
      'messaging.notify_participants:' || p_conversation_id
    );
  end if;
  perform core.remember('messaging.send_message', p_key, arguments, jsonb_build_object('id', message.id));
  return message;
end
$$;

comment on function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text) is
  E'@argument descriptions What each upload shows, for those who cannot see it, in the order of uploadIds.\nSends a message. type: text, image (pictures only) or file; upload_ids: up to ten own finished uploads, descriptions: what they show, in the same order; encrypted: content is ciphertext; key: send the same again after a lost answer and get the same message. Moves the marker of the caller to this message. Refuses conversation.unknown; a direct conversation of two of whom one blocks the other (conversation.refused); no text and no file (input.empty), more than 8,000 characters or 32,768 of ciphertext (input.too_long), message.type_invalid, message.upload_unusable; an answer to what is not there or not visible (message.unknown); more than 10 messages in 10 seconds (message.too_fast, with the seconds to wait). Messages of one conversation queue up at its row; the cost does not depend on how many people are in it. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text) from public;
grant execute on function messaging.send_message(uuid, text, text, uuid, uuid[], text[], boolean, text) to stoa_member;
