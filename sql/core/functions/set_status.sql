create or replace function core.set_status(p_status text)
returns core.presence
language plpgsql
volatile
-- Presence is written by functions only.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  wanted text := case p_status when 'away' then 'idle' else p_status end;
  mine core.presence;
begin
  if wanted is null or wanted not in ('online', 'idle', 'dnd', 'offline') then
    perform core.fail('status.unknown');
  end if;

  update core.presence
  set status = wanted,
      last_seen_at = now(),
      device_count = greatest(device_count, 1)
  where user_id = me
  returning * into mine;

  if not found then
    insert into core.presence (user_id, status, device_count)
    values (me, wanted, 1)
    on conflict (user_id) do update
    set status = excluded.status,
        last_seen_at = excluded.last_seen_at
    returning * into mine;
  end if;

  return mine;
end
$$;

comment on function core.set_status(text) is
  'Sets the caller''s presence: online, idle (away means the same), dnd, or offline to be there unseen. Refuses status.unknown. One HOT update without WAL.';

revoke all on function core.set_status(text) from public;
grant execute on function core.set_status(text) to stoa_member;
