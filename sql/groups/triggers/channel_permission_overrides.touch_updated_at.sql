create or replace trigger touch_updated_at
before update on groups.channel_permission_overrides
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.channel_permission_overrides is 'Keeps updated_at.';
