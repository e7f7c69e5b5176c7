create or replace trigger count_update
after update on forums.post_votes
referencing old table as removed new table as added
for each statement
execute function forums.count_post_votes();

comment on trigger count_update on forums.post_votes is 'Keeps the score of the post.';
