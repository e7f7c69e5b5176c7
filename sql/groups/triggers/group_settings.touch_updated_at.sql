create or replace trigger touch_updated_at
before update on groups.group_settings
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.group_settings is 'Keeps updated_at.';
