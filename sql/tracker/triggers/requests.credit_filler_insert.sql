create or replace trigger credit_filler_insert
after insert on tracker.requests
referencing new table as added
for each statement
execute function tracker.credit_filler();

comment on trigger credit_filler_insert on tracker.requests is 'A confirmed fill counts for whoever filled.';
