create or replace function groups.leave_voice()
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
  set left_at = greatest(clock_timestamp(), current_one.joined_at)
  where current_one.user_id = me and current_one.left_at is null
  returning * into session;
  if not found then
    perform core.fail('voice.not_connected');
  end if;
  return session;
end
$$;

comment on function groups.leave_voice() is
  'Leaves the voice channel that the caller is in. Refuses somebody who is in none (voice.not_connected).';

revoke all on function groups.leave_voice() from public;
grant execute on function groups.leave_voice() to stoa_member;
