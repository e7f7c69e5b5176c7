create or replace trigger count_insert
after insert on forums.post_votes
referencing new table as added
for each statement
execute function forums.count_post_votes();

comment on trigger count_insert on forums.post_votes is 'Keeps the score of the post.';
