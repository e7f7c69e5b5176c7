create or replace function groups.archive_chat(
  p_channel_id uuid,
  p_before timestamptz,
  p_now timestamptz default now(),
  p_limit integer default 5000
)
returns integer
language plpgsql
volatile
-- The worker has no right to delete.
security definer
set search_path = ''
as $$
declare
  horizon timestamptz;
  doomed uuid[];
begin
  select least(p_before, p_now - make_interval(days => channel.retention_days)) into horizon
  from groups.channels as channel
  where channel.id = p_channel_id and channel.retention_days is not null;
  if horizon is null then
    return 0;
  end if;
  doomed := array(
    select locked.id
    from (
      select message.id
      from groups.channel_messages as message
      where message.channel_id = p_channel_id and message.id < core.uuidv7_floor(horizon)
      order by message.id
      limit p_limit
      for update
    ) as locked
  );
  delete from groups.channel_messages as message where message.channel_id = p_channel_id and message.id = any (doomed);
  return cardinality(doomed);
end
$$;

comment on function groups.archive_chat(uuid, timestamptz, timestamptz, integer) is
  'For the worker, after it has exported them: deletes one batch of the messages that a channel has kept for longer than it keeps messages, oldest first, with what hangs on them, and returns how many; call it until that is 0. What is younger than the channel''s retention stays whatever the caller asks; a channel without retention loses nothing.';

revoke all on function groups.archive_chat(uuid, timestamptz, timestamptz, integer) from public;
grant execute on function groups.archive_chat(uuid, timestamptz, timestamptz, integer) to stoa_worker;
