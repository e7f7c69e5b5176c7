create or replace trigger touch_updated_at
before update on groups.channel_messages
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channel_messages is 'Keeps updated_at.';
