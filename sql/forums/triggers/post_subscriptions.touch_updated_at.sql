create or replace trigger touch_updated_at
before update on forums.post_subscriptions
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.post_subscriptions is 'Keeps updated_at.';
