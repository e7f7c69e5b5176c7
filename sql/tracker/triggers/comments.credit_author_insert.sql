create or replace trigger credit_author_insert
after insert on tracker.comments
referencing new table as added
for each statement
execute function tracker.credit_author();

comment on trigger credit_author_insert on tracker.comments is 'A comment counts for its author.';
