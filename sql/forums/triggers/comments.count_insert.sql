create or replace trigger count_insert
after insert on forums.comments
referencing new table as changed
for each statement
execute function forums.count_comments();

comment on trigger count_insert on forums.comments is 'Keeps the counts of the post and of the parent.';
