create or replace trigger count_delete
after delete on forums.post_votes
referencing old table as removed
for each statement
execute function forums.count_post_votes();

comment on trigger count_delete on forums.post_votes is 'Keeps the score of the post.';
