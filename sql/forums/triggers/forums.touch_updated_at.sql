create or replace trigger touch_updated_at
before update on forums.forums
for each row
when (
  -- Counters change with every post; they are not a change of the forum.
  (old.subscriber_count, old.post_count, old.last_post_id, old.last_post_at)
  is not distinct from (new.subscriber_count, new.post_count, new.last_post_id, new.last_post_at)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.forums is 'Keeps updated_at; a change of counters alone does not count.';
