create or replace trigger touch_updated_at
before update of content, content_format, author_id, deleted_at on forums.comments
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.comments is 'Keeps updated_at; votes and replies do not count as a change.';
