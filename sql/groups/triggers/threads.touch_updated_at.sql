create or replace trigger touch_updated_at
before update on groups.threads
for each row
when (
  -- The count changes with every message; it is not a change of the thread.
  (old.message_count)
  is not distinct from (new.message_count)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.threads is 'Keeps updated_at; a change of counters alone does not count.';
