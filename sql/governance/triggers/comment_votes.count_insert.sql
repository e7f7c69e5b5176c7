create or replace trigger count_insert
after insert on governance.comment_votes
referencing new table as added
for each statement
execute function governance.count_comment_votes();

comment on trigger count_insert on governance.comment_votes is 'Keeps likes and dislikes of the comment.';
