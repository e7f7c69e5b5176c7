create or replace trigger count_delete
after delete on forums.posts
referencing old table as changed
for each statement
execute function forums.count_posts();

comment on trigger count_delete on forums.posts is 'Keeps post_count of the forum.';
