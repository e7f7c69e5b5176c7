create or replace trigger queue_search_update
after update of title, content, deleted_at on forums.posts
for each row
execute function forums.queue_forum_search('forum_post');

comment on trigger queue_search_update on forums.posts is 'What an external search engine knows of a post follows its row.';
