create or replace trigger queue_search_insert
after insert on forums.comments
for each row
execute function forums.queue_forum_search('forum_comment');

comment on trigger queue_search_insert on forums.comments is 'A new comment becomes findable in an external search engine.';
