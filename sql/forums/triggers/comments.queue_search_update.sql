create or replace trigger queue_search_update
after update of content, deleted_at on forums.comments
for each row
execute function forums.queue_forum_search('forum_comment');

comment on trigger queue_search_update on forums.comments is 'What an external search engine knows of a comment follows its row.';
