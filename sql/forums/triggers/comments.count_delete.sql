create or replace trigger count_delete
after delete on forums.comments
referencing old table as changed
for each statement
execute function forums.count_comments();

comment on trigger count_delete on forums.comments is 'Keeps the counts of the post and of the parent.';
