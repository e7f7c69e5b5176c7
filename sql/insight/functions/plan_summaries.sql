create or replace function insight.plan_summaries(p_limit integer default 200)
returns integer
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  size constant integer := core.setting_integer('insight.summary_messages');
  planned integer;
  redone integer;
begin
  delete from insight.conversation_summaries as summary
  where summary.stale_at is not null
    and not (
      insight.is_wanted('summary', summary.channel_id)
      and exists (select from insight.source_messages(summary.channel_id, summary.start_message_id, summary.end_message_id))
    );

  insert into insight.tasks (kind, channel_id, start_message_id, end_message_id)
  select 'summary', summary.channel_id, summary.start_message_id, summary.end_message_id
  from insight.conversation_summaries as summary
  where summary.stale_at is not null
  order by summary.stale_at
  limit p_limit
  on conflict (kind, channel_id, start_message_id, end_message_id) do nothing;
  get diagnostics redone = row_count;

  insert into insight.tasks (kind, channel_id, start_message_id, end_message_id)
  select 'summary', channel.id, run.first_id, run.last_id
  from insight.group_policies as policy
  join groups.channels as channel on channel.group_id = policy.group_id
  cross join lateral (
    select max(known.end_message_id::text)::uuid as id
    from (
      select core.uuidv7_floor(policy.summaries_since) as end_message_id
      union all
      (
        select summary.end_message_id
        from insight.conversation_summaries as summary
        where summary.channel_id = channel.id
        order by summary.end_message_id desc
        limit 1
      )
      union all
      select task.end_message_id
      from insight.tasks as task
      where task.kind = 'summary' and task.channel_id = channel.id
    ) as known
  ) as covered
  cross join lateral (
    select min(next.id::text)::uuid as first_id, max(next.id::text)::uuid as last_id, count(*) as amount
    from (
      select source.id
      from insight.source_messages(channel.id, covered.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as source
      where source.id > covered.id
      order by source.id
      limit size
    ) as next
  ) as run
  where policy.summaries
    and channel.last_message_id > covered.id
    and run.amount = size
    and insight.is_wanted('summary', channel.id)
  order by channel.id
  limit p_limit
  on conflict (kind, channel_id, start_message_id, end_message_id) do nothing;
  get diagnostics planned = row_count;
  return redone + planned;
end
$$;

comment on function insight.plan_summaries(integer) is
  'For the worker, every ten minutes: asks for a summary of the next messages of each channel in which enough were written since the last one (setting insight.summary_messages), and for stale ones anew; deletes stale ones of which nothing is left. Returns how many tasks it added; call it until that is 0 to catch up. Looks at each channel of the groups that want summaries.';

revoke all on function insight.plan_summaries(integer) from public;
grant execute on function insight.plan_summaries(integer) to stoa_worker;
