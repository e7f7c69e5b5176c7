create or replace trigger count_delete
after delete on governance.comment_votes
referencing old table as removed
for each statement
execute function governance.count_comment_votes();

comment on trigger count_delete on governance.comment_votes is 'Keeps likes and dislikes of the comment.';
