create or replace trigger touch_updated_at
before update on governance.votes
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.votes is 'Keeps updated_at.';
