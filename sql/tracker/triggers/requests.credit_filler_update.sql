create or replace trigger credit_filler_update
after update on tracker.requests
referencing old table as removed new table as added
for each statement
execute function tracker.credit_filler();

comment on trigger credit_filler_update on tracker.requests is 'A confirmed fill counts for whoever filled.';
