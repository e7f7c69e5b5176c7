create or replace trigger count_update
after update on forums.comment_votes
referencing old table as removed new table as added
for each statement
execute function forums.count_comment_votes();

comment on trigger count_update on forums.comment_votes is 'Keeps the score of the comment.';
