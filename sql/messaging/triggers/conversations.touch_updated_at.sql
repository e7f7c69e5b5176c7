create or replace trigger touch_updated_at
before update on messaging.conversations
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on messaging.conversations is 'Keeps updated_at.';
