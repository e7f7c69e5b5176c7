create or replace trigger touch_updated_at
before update on tracker.comments
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.comments is 'Keeps updated_at.';
