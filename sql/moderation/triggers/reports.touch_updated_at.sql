create or replace trigger touch_updated_at
before update on moderation.reports
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on moderation.reports is 'Keeps updated_at.';
