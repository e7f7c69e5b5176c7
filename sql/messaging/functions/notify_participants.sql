create or replace function messaging.notify_participants(p_conversation_id uuid, p_message_id uuid)
returns integer
language plpgsql
volatile
-- Rings other people's bells.
security definer
set search_path = ''
as $$
declare
  message messaging.messages;
  conversation messaging.conversations;
  sender_name text;
  listener record;
  told integer := 0;
begin
  select * into message
  from messaging.messages as candidate
  where candidate.conversation_id = p_conversation_id
    and candidate.id = p_message_id
    and candidate.deleted_at is null
    and (candidate.expires_at is null or candidate.expires_at > now());
  if not found then
    return 0;
  end if;
  select * into conversation from messaging.conversations as candidate where candidate.id = p_conversation_id;
  select coalesce(person.display_name, person.username::text, 'Somebody') into sender_name
  from core.users as person
  where person.id = message.sender_id;

  for listener in
    select participant.user_id
    from messaging.conversation_participants as participant
    where participant.conversation_id = p_conversation_id
      and participant.user_id <> message.sender_id
      and participant.left_at is null
      and participant.last_read_seq < message.seq
      and not messaging.is_muted(participant)
    order by participant.user_id
  loop
    if notifications.notify(
      listener.user_id,
      'message',
      sender_name || case
        when conversation.kind = 'direct' then ' wrote to you'
        else ' wrote in ' || coalesce(conversation.name, 'a group')
      end,
      -- What disappears, or was meant for one pair of eyes, does not stay in a bell.
      case
        when not message.encrypted and message.expires_at is null then nullif(left(message.content, 200), '')
      end,
      jsonb_build_object('conversation_id', p_conversation_id, 'message_id', p_message_id),
      message.sender_id,
      'conversation:' || p_conversation_id
    ) is not null then
      told := told + 1;
    end if;
  end loop;
  return told;
end
$$;

comment on function messaging.notify_participants(uuid, uuid) is
  'For the worker: rings the bells of those who have not read a message yet, collected per conversation while unread. Silent for the muted, for people of whom one blocks the other, and for a message that is deleted. Encrypted and disappearing messages show no text. Returns how many were told. Runs apart from the sending, which holds the lock on the conversation.';

revoke all on function messaging.notify_participants(uuid, uuid) from public;
grant execute on function messaging.notify_participants(uuid, uuid) to stoa_worker;
