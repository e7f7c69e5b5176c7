create or replace trigger credit_author_delete
after delete on tracker.comments
referencing old table as removed
for each statement
execute function tracker.credit_author();

comment on trigger credit_author_delete on tracker.comments is 'A comment counts for its author.';
