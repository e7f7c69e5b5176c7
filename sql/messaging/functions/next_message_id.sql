create or replace function messaging.next_message_id(p_last uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  fresh constant uuid := core.uuidv7();
  digits constant text := replace(p_last::text, '-', '');
  below bigint;
begin
  if p_last is null or fresh > p_last then
    return fresh;
  end if;

  -- The clock went back, or two sends fell into one tick: count on. 60 of the random bits are digits of their own.
  below := ('x' || right(digits, 15))::bit(60)::bigint;
  if below = 1152921504606846975 then
    return core.uuidv7_floor(core.uuidv7_time(p_last) + interval '1 millisecond');
  end if;
  return (left(digits, 17) || lpad(to_hex(below + 1), 15, '0'))::uuid;
end
$$;

comment on function messaging.next_message_id(uuid) is
  'Internal. A new time-ordered identifier above the last one of a conversation, whatever the clock does. Call it while the row of the conversation is locked.';

revoke all on function messaging.next_message_id(uuid) from public;
