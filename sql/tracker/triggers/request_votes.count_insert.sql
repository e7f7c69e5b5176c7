create or replace trigger count_insert
after insert on tracker.request_votes
referencing new table as changed
for each statement
execute function tracker.count_request_votes();

comment on trigger count_insert on tracker.request_votes is 'Keeps vote_count of the request.';
