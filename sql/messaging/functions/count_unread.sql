create or replace function messaging.count_unread(p_conversation_id uuid, p_above uuid, p_up_to uuid)
returns bigint
language sql
stable
begin atomic
  select count(*)
  from messaging.messages as message
  where message.conversation_id = p_conversation_id
    and message.id > coalesce(p_above, '00000000-0000-0000-0000-000000000000')
    and message.id <= p_up_to
    and (message.expires_at is null or message.expires_at > now());
end;

comment on function messaging.count_unread(uuid, uuid, uuid) is
  'Internal. How many messages of a conversation lie above a marker and have not disappeared: one range of the primary key.';

revoke all on function messaging.count_unread(uuid, uuid, uuid) from public;
