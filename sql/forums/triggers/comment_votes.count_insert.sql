create or replace trigger count_insert
after insert on forums.comment_votes
referencing new table as added
for each statement
execute function forums.count_comment_votes();

comment on trigger count_insert on forums.comment_votes is 'Keeps the score of the comment.';
