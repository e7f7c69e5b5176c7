create or replace function groups.chat_to_archive(p_now timestamptz default now())
returns table (channel_id uuid, before timestamptz, messages bigint)
language plpgsql
stable
rows 10
-- Reads every channel.
security definer
set search_path = ''
as $$
begin
  return query
    select channel.id, due.before, counted.amount
    from groups.channels as channel
    cross join lateral (select p_now - make_interval(days => channel.retention_days) as before) as due
    cross join lateral (
      select count(*) as amount
      from groups.channel_messages as message
      where message.channel_id = channel.id and message.id < core.uuidv7_floor(due.before)
    ) as counted
    where channel.retention_days is not null
      and counted.amount > 0;
end
$$;

comment on function groups.chat_to_archive(timestamptz) is
  'For the worker: the channels that keep messages for a number of days only and hold older ones, the moment before which they are to be exported and deleted, and how many those are.';

revoke all on function groups.chat_to_archive(timestamptz) from public;
grant execute on function groups.chat_to_archive(timestamptz) to stoa_worker;
