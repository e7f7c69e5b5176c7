create or replace function messaging.conversations_unread_count(p_conversation messaging.conversations)
returns bigint
language sql
stable
-- How far somebody has read is not for the others to see.
security definer
set search_path = ''
begin atomic
  select
    case
      when p_conversation.has_disappearing then
        messaging.count_unread(p_conversation.id, participant.last_read_message_id, p_conversation.last_message_id)
      else p_conversation.last_seq - participant.last_read_seq
    end
  from messaging.conversation_participants as participant
  where participant.conversation_id = p_conversation.id
    and participant.user_id = core.current_user_id()
    and participant.left_at is null;
end;

comment on function messaging.conversations_unread_count(messaging.conversations) is
  'How many messages the caller has not read, deleted ones among them. Own messages are read. A subtraction after one look-up by primary key; where messages disappear, they are counted.';

revoke all on function messaging.conversations_unread_count(messaging.conversations) from public;
grant execute on function messaging.conversations_unread_count(messaging.conversations) to stoa_member;
