create or replace trigger touch_updated_at
before update on messaging.messages
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on messaging.messages is 'Keeps updated_at.';
