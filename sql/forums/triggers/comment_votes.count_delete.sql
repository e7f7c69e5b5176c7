create or replace trigger count_delete
after delete on forums.comment_votes
referencing old table as removed
for each statement
execute function forums.count_comment_votes();

comment on trigger count_delete on forums.comment_votes is 'Keeps the score of the comment.';
