create or replace function messaging.conversations_last_message(p_conversation messaging.conversations)
returns messaging.messages
language sql
stable
begin atomic
  select message.*
  from messaging.messages as message
  where message.conversation_id = p_conversation.id
    and message.id <= p_conversation.last_message_id
  order by message.id desc
  limit 1;
end;

comment on function messaging.conversations_last_message(messaging.conversations) is
  'The newest message that the caller sees, under row-level security; null when there is none. The end of one range of the primary key.';

revoke all on function messaging.conversations_last_message(messaging.conversations) from public;
grant execute on function messaging.conversations_last_message(messaging.conversations) to stoa_member;
