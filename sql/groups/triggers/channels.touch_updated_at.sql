create or replace trigger touch_updated_at
before update on groups.channels
for each row
when (
  -- Positions change with every message; they are not a change of the channel.
  (old.last_seq, old.last_message_id, old.last_message_at, old.last_pin_at)
  is not distinct from (new.last_seq, new.last_message_id, new.last_message_at, new.last_pin_at)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channels is 'Keeps updated_at; a change of counters alone does not count.';
