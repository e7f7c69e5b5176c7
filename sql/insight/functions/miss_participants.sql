create or replace function insight.miss_participants()
returns trigger
language plpgsql
-- Fires for whoever erases a person; summaries are nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform
  from insight.conversation_summaries as summary
  where summary.id in (select was.summary_id from removed as was)
    and summary.stale_at is null
  order by summary.id
  for no key update;
  update insight.conversation_summaries as summary
  set stale_at = clock_timestamp()
  where summary.id in (select was.summary_id from removed as was)
    and summary.stale_at is null;
  return null;
end
$$;

comment on function insight.miss_participants() is
  'Trigger. A summary that loses one of its people is stale: it still says what they said.';

revoke all on function insight.miss_participants() from public;
