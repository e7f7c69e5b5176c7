create or replace function groups.archive_idle_threads(p_now timestamptz default now(), p_limit integer default 500)
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  archived integer;
begin
  with silent as (
    select channel.id
    from groups.threads as thread
    join groups.channels as channel on channel.id = thread.channel_id
    where thread.archived_at is null
      and coalesce(channel.last_message_at, channel.inserted_at) <= p_now - make_interval(mins => thread.auto_archive_minutes)
    order by channel.id
    limit p_limit
    for no key update of channel skip locked
  )
  update groups.threads as thread
  set archived_at = p_now
  from silent
  where thread.channel_id = silent.id;
  get diagnostics archived = row_count;
  return archived;
end
$$;

comment on function groups.archive_idle_threads(timestamptz, integer) is
  'For the worker: archives threads that were silent for as long as they may be, at most so many at once, and returns how many. Threads that somebody writes into at the moment are left for the next run.';

revoke all on function groups.archive_idle_threads(timestamptz, integer) from public;
grant execute on function groups.archive_idle_threads(timestamptz, integer) to stoa_worker;
