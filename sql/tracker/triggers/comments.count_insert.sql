create or replace trigger count_insert
after insert on tracker.comments
referencing new table as changed
for each statement
execute function tracker.count_comments();

comment on trigger count_insert on tracker.comments is 'Keeps comment_count of what the comments are about.';
