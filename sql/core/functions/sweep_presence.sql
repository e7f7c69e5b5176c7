create or replace function core.sweep_presence(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- Run by the worker over everybody's presence.
security definer
set search_path = ''
as $$
declare
  offline_before timestamptz := p_now - make_interval(secs => core.setting_integer('presence.offline_seconds'));
  idle_before timestamptz := p_now - make_interval(secs => core.setting_integer('presence.idle_seconds'));
  swept integer;
begin
  with silent as (
    select user_id
    from core.presence
    where (device_count <= 1 and last_seen_at < offline_before and (status <> 'offline' or device_count > 0))
       or (device_count > 1 and last_seen_at < idle_before)
    -- Whoever is just beating is not silent; the sweep does not wait for them.
    for no key update skip locked
  )
  update core.presence as seen
  set status = case
        when seen.device_count <= 1 then 'offline'
        when seen.status = 'online' then 'idle'
        else seen.status
      end,
      -- Several devices that were all silent so long are not several any more: the next sweep decides.
      device_count = case when seen.device_count <= 1 then 0 else 1 end
  from silent
  where seen.user_id = silent.user_id;

  get diagnostics swept = row_count;
  return swept;
end
$$;

comment on function core.sweep_presence(timestamptz) is
  'Worker, every minute: who was silent for 90 s on the last device goes offline; who is online with several devices and was silent for 10 min goes idle and counts as having one. Returns how many rows changed. Scans the table, which has a row for each person and no index to keep.';

revoke all on function core.sweep_presence(timestamptz) from public;
grant execute on function core.sweep_presence(timestamptz) to stoa_worker;
