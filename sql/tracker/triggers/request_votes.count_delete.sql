create or replace trigger count_delete
after delete on tracker.request_votes
referencing old table as changed
for each statement
execute function tracker.count_request_votes();

comment on trigger count_delete on tracker.request_votes is 'Keeps vote_count of the request.';
