create or replace function core.presence_effective_status(p_presence core.presence)
returns text
language sql
stable
-- Reads a setting for callers that may not read settings.
security definer
set search_path = ''
begin atomic
  select case
    when p_presence.last_seen_at < now() - make_interval(secs => core.setting_integer('presence.offline_seconds'))
      then 'offline'
    else p_presence.status
  end;
end;

comment on function core.presence_effective_status(core.presence) is
  'What to show: the status, or offline after 90 seconds of silence (setting presence.offline_seconds), whether or not the sweep has come by.';

revoke all on function core.presence_effective_status(core.presence) from public;
grant execute on function core.presence_effective_status(core.presence) to stoa_anonymous, stoa_worker;
