create or replace trigger touch_updated_at
before update on moderation.queue_items
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on moderation.queue_items is 'Keeps updated_at.';
