create or replace function insight.mark_stale(p_channel_id uuid, p_message_ids uuid[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  ids constant uuid[] := array(
    select summary.id
    from insight.conversation_summaries as summary
    where summary.channel_id = p_channel_id
      and summary.stale_at is null
      and exists (
        select
        from unnest(p_message_ids) as changed (id)
        where changed.id between summary.start_message_id and summary.end_message_id
      )
    order by summary.id
    for no key update
  );
begin
  if cardinality(ids) > 0 then
    update insight.conversation_summaries as summary set stale_at = clock_timestamp() where summary.id = any (ids);
  end if;
end
$$;

comment on function insight.mark_stale(uuid, uuid[]) is
  'Internal. Nobody reads the summaries any more that cover one of these messages, until they are made anew. Locks them in the order of their identifiers. Looks at the summaries of the channel that are not stale.';

revoke all on function insight.mark_stale(uuid, uuid[]) from public;
