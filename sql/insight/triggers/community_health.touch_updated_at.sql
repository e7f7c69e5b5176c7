create or replace trigger touch_updated_at
before update on insight.community_health
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on insight.community_health is 'Keeps updated_at.';
