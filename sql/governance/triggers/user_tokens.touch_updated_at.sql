create or replace trigger touch_updated_at
before update on governance.user_tokens
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.user_tokens is 'Keeps updated_at.';
