create or replace trigger credit_author_update
after update on tracker.comments
referencing old table as removed new table as added
for each statement
execute function tracker.credit_author();

comment on trigger credit_author_update on tracker.comments is 'A comment counts for its author.';
