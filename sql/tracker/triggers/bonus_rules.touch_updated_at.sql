create or replace trigger touch_updated_at
before update on tracker.bonus_rules
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.bonus_rules is 'Keeps updated_at.';
