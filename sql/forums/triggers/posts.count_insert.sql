create or replace trigger count_insert
after insert on forums.posts
referencing new table as changed
for each statement
execute function forums.count_posts();

comment on trigger count_insert on forums.posts is 'Keeps post_count and the last post of the forum.';
