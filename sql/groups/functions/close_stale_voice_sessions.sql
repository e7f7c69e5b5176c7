create or replace function groups.close_stale_voice_sessions(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  closed integer;
begin
  update groups.voice_sessions as session
  set left_at = greatest(session.last_heartbeat_at, session.joined_at)
  where session.id in (
    select stale.id
    from groups.voice_sessions as stale
    where stale.left_at is null and stale.last_heartbeat_at <= p_now - interval '2 minutes'
    order by stale.id
    for no key update skip locked
  );
  get diagnostics closed = row_count;
  return closed;
end
$$;

comment on function groups.close_stale_voice_sessions(timestamptz) is
  'For the worker: ends voice sessions that were not heard of for two minutes, and returns how many. They end when they were last heard of.';

revoke all on function groups.close_stale_voice_sessions(timestamptz) from public;
grant execute on function groups.close_stale_voice_sessions(timestamptz) to stoa_worker;
