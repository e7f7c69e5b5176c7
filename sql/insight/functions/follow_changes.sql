create or replace function insight.follow_changes()
returns trigger
language plpgsql
-- Fires for whoever changes a message; what is worked out of it is nobody's to write.
security definer
set search_path = ''
as $$
declare
  place record;
begin
  for place in
    select was.channel_id, array_agg(was.id order by was.id) as ids
    from removed as was
    join added as message on message.channel_id = was.channel_id and message.id = was.id
    where (was.content, was.deleted_at, was.sender_id) is distinct from (message.content, message.deleted_at, message.sender_id)
    group by was.channel_id
    order by was.channel_id
  loop
    insert into insight.tasks as task (kind, channel_id, start_message_id, end_message_id)
    select 'analysis', message.channel_id, message.id, message.id
    from added as message
    join groups.channels as channel on channel.id = message.channel_id
    join insight.group_policies as policy on policy.group_id = channel.group_id and policy.analyses
    where message.channel_id = place.channel_id
      and message.id = any (place.ids)
      and message.deleted_at is null
      and message.content <> ''
      and message.id >= core.uuidv7_floor(policy.analyses_since)
    order by message.id
    on conflict (kind, channel_id, start_message_id, end_message_id) do update
    set failed_at = null,
        attempts = 0,
        available_at = now()
    where task.failed_at is not null;

    delete from insight.message_analyses as analysis
    where analysis.channel_id = place.channel_id and analysis.message_id = any (place.ids);
    perform insight.mark_stale(place.channel_id, place.ids);
  end loop;
  return null;
end
$$;

comment on function insight.follow_changes() is
  'Trigger. When a message is edited, deleted, restored or blanked, what was worked out of it goes in the same transaction: its analyses are deleted, summaries that cover it become stale, and what it says now is analysed anew. Whether a model may read it is asked when the task is taken.';

revoke all on function insight.follow_changes() from public;
