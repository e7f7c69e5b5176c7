create or replace trigger count_update
after update on governance.comment_votes
referencing old table as removed new table as added
for each statement
execute function governance.count_comment_votes();

comment on trigger count_update on governance.comment_votes is 'Keeps likes and dislikes of the comment.';
