create or replace function insight.source_digest(p_channel_id uuid, p_start_message_id uuid, p_end_message_id uuid)
returns bytea
language sql
stable
begin atomic
  select sha256(convert_to(string_agg(source.id || ' ' || length(source.content) || ' ' || source.content, ' ' order by source.id), 'UTF8'))
  from insight.source_messages(p_channel_id, p_start_message_id, p_end_message_id) as source;
end;

comment on function insight.source_digest(uuid, uuid, uuid) is
  'Internal. SHA-256 of what of a range a model may read at present; null when that is nothing.';

revoke all on function insight.source_digest(uuid, uuid, uuid) from public;
