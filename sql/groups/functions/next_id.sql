create or replace function groups.next_id(p_last uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  id constant uuid := core.uuidv7();
begin
  if id <= p_last then
    return core.uuidv7_floor(core.uuidv7_time(p_last) + interval '1 millisecond');
  end if;
  return id;
end
$$;

comment on function groups.next_id(uuid) is
  'Internal. A new identifier above the newest one of a container, whose lock the caller holds: identifiers then ascend in the order of commits, though the clock step back.';

revoke all on function groups.next_id(uuid) from public;
