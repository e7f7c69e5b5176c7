create or replace trigger queue_search_insert
after insert on forums.posts
for each row
execute function forums.queue_forum_search('forum_post');

comment on trigger queue_search_insert on forums.posts is 'A new post becomes findable in an external search engine.';
