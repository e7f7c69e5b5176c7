create or replace trigger touch_updated_at
before update on core.user_achievements
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.user_achievements is 'Keeps updated_at.';
