create or replace function insight.source_messages(p_channel_id uuid, p_start_message_id uuid, p_end_message_id uuid)
returns table (id uuid, sender_id uuid, content text, inserted_at timestamptz)
language sql
stable
rows 50
begin atomic
  select message.id, message.sender_id, message.content, message.inserted_at
  from groups.channel_messages as message
  join core.user_settings as wishes on wishes.user_id = message.sender_id and wishes.allow_ai_analysis
  where message.channel_id = p_channel_id
    and message.id between p_start_message_id and p_end_message_id
    and message.deleted_at is null
    and message.content <> ''
    and message.type in ('default', 'image', 'file', 'forward');
end;

comment on function insight.source_messages(uuid, uuid, uuid) is
  'Internal. What of a range of messages a model may read: what people wrote who let it (allow_ai_analysis; an account without settings has not), not deleted, not empty, nothing of webhooks or of the group itself. One range of the primary key and a look-up a message.';

revoke all on function insight.source_messages(uuid, uuid, uuid) from public;
