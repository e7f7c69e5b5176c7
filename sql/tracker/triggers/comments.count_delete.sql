create or replace trigger count_delete
after delete on tracker.comments
referencing old table as changed
for each statement
execute function tracker.count_comments();

comment on trigger count_delete on tracker.comments is 'Keeps comment_count of what the comments are about.';
