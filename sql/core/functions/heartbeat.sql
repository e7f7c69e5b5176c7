create or replace function core.heartbeat(p_device text default null)
returns core.presence
language plpgsql
volatile
-- Presence is written by functions only, and so is the day of last activity.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  today date := (now() at time zone 'UTC')::date;
  step smallint := case p_device when 'open' then 1 when 'close' then -1 else 0 end;
  idle_after interval := make_interval(secs => core.setting_integer('presence.idle_seconds'));
  mine core.presence;
begin
  if p_device not in ('open', 'close') then
    perform core.fail('device.unknown_event');
  end if;

  update core.presence
  set last_seen_at = now(),
      device_count = least(greatest(device_count + step, case p_device when 'close' then 0 else 1 end), 1000),
      status = case
        when p_device = 'close' then status
        -- Swept away for silence; somebody who chose to be unseen has a device and stays so.
        when status = 'offline' and device_count = 0 then 'online'
        when status = 'idle' and last_seen_at < now() - idle_after then 'online'
        else status
      end
  where user_id = me
  returning * into mine;

  if not found then
    insert into core.presence (user_id, status, device_count)
    values (me, 'online', 1)
    on conflict (user_id) do update
    set last_seen_at = excluded.last_seen_at
    returning * into mine;
  end if;

  -- This column is indexed, so it is written once a day and not once a beat.
  update core.users
  set last_active_on = today
  where id = me
    and last_active_on is distinct from today;

  return mine;
end
$$;

comment on function core.heartbeat(text) is
  E'@argument device open when a connection begins, close when it ends, nothing for a beat.\nSays that the caller is there; send it every 30 seconds or so. p_device is open when a connection begins, close when it ends, nothing for a beat. Notes the day of activity once a day (UTC). Refuses device.unknown_event. One HOT update without WAL.';

revoke all on function core.heartbeat(text) from public;
grant execute on function core.heartbeat(text) to stoa_member;
