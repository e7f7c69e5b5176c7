create or replace function groups.archive_chat(
  p_channel_id uuid,
  p_before timestamptz,
  p_now timestamptz default now(),
  p_limit integer default 5000,
  p_only uuid[] default null
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
  held text;
begin
  select least(p_before, p_now - make_interval(days => channel.retention_days)) into horizon
  from groups.channels as channel
  where channel.id = p_channel_id and channel.retention_days is not null;
  if horizon is null then
    return 0;
  end if;
  -- A hold that is being placed waits for this batch, or this batch sees it: never neither.
  lock table ops.legal_holds in share mode;
  held := ops.held_condition('groups.channel_messages', 'message');
  execute format(
    $query$
      select array(
        select locked.id
        from (
          select message.id
          from groups.channel_messages as message
          where message.channel_id = $1
            and message.id < core.uuidv7_floor($2)
            and ($3 is null or message.id = any ($3))
            and %s
          order by message.id
          limit $4
          for update
        ) as locked
      )
    $query$,
    coalesce('not ' || held, 'true')
  )
  into doomed
  using p_channel_id, horizon, p_only, p_limit;
  delete from groups.channel_messages as message where message.channel_id = p_channel_id and message.id = any (doomed);
  return cardinality(doomed);
end
$$;

comment on function groups.archive_chat(uuid, timestamptz, timestamptz, integer, uuid[]) is
  'For the worker, after it has exported them: deletes one batch of the messages that a channel has kept for longer than it keeps messages, oldest first, with what hangs on them, and returns how many; call it until that is 0. Of those that are named when any are: what was read back from the archive, so that nothing goes that is not in it. What a legal hold keeps stays. What is younger than the channel''s retention stays whatever the caller asks; a channel without retention loses nothing.';

revoke all on function groups.archive_chat(uuid, timestamptz, timestamptz, integer, uuid[]) from public;
grant execute on function groups.archive_chat(uuid, timestamptz, timestamptz, integer, uuid[]) to stoa_worker;
