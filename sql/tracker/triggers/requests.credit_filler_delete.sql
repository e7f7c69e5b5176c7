create or replace trigger credit_filler_delete
after delete on tracker.requests
referencing old table as removed
for each statement
execute function tracker.credit_filler();

comment on trigger credit_filler_delete on tracker.requests is 'A confirmed fill counts for whoever filled.';
