create or replace function groups.voice_heartbeats(p_session_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  alive integer;
begin
  perform
  from groups.voice_sessions as session
  where session.id = any (p_session_ids) and session.left_at is null
  order by session.id
  for no key update;
  update groups.voice_sessions as session
  set last_heartbeat_at = now()
  where session.id = any (p_session_ids) and session.left_at is null;
  get diagnostics alive = row_count;
  return alive;
end
$$;

comment on function groups.voice_heartbeats(uuid[]) is
  'For the media server: these sessions are alive. Returns how many of them are open; the others have ended meanwhile and are to be cut off.';

revoke all on function groups.voice_heartbeats(uuid[]) from public;
grant execute on function groups.voice_heartbeats(uuid[]) to stoa_worker;
