create or replace trigger touch_updated_at
before update on notifications.open_groups
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on notifications.open_groups is 'Keeps updated_at.';
