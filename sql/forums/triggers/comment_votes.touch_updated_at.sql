create or replace trigger touch_updated_at
before update on forums.comment_votes
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.comment_votes is 'Keeps updated_at.';
