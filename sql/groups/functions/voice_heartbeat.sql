create or replace function groups.voice_heartbeat(p_session_id uuid)
returns groups.voice_sessions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  session groups.voice_sessions;
begin
  update groups.voice_sessions as current_one
  set last_heartbeat_at = now()
  where current_one.id = p_session_id and current_one.user_id = me and current_one.left_at is null
  returning * into session;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  return session;
end
$$;

comment on function groups.voice_heartbeat(uuid) is
  'Says that the caller is still in voice; without it for two minutes the session is closed. Refuses a session that is not the caller''s or has ended (voice.not_connected).';

revoke all on function groups.voice_heartbeat(uuid) from public;
grant execute on function groups.voice_heartbeat(uuid) to stoa_member;
