create or replace function insight.request_analyses()
returns trigger
language plpgsql
-- Fires for whoever writes a message; the tasks are nobody's to write.
security definer
set search_path = ''
as $$
begin
  insert into insight.tasks (kind, channel_id, start_message_id, end_message_id)
  select 'analysis', message.channel_id, message.id, message.id
  from added as message
  join groups.channels as channel on channel.id = message.channel_id
  join insight.group_policies as policy on policy.group_id = channel.group_id and policy.analyses
  join core.user_settings as wishes on wishes.user_id = message.sender_id and wishes.allow_ai_analysis
  where message.deleted_at is null
    and message.content <> ''
    and message.type in ('default', 'image', 'file', 'forward')
    -- What is imported with its old identifier was said before the group decided.
    and message.id >= core.uuidv7_floor(policy.analyses_since)
  order by message.id
  on conflict (kind, channel_id, start_message_id, end_message_id) do nothing;
  return null;
end
$$;

comment on function insight.request_analyses() is
  'Trigger. Asks for the analysis of new messages in groups that want it, by people who let it. Three index look-ups a message; where a group wants nothing, two.';

revoke all on function insight.request_analyses() from public;
