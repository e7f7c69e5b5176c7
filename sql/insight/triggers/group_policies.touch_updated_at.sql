create or replace trigger touch_updated_at
before update on insight.group_policies
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on insight.group_policies is 'Keeps updated_at.';
