create or replace trigger touch_updated_at
before update on social.friendships
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on social.friendships is 'Keeps updated_at.';
