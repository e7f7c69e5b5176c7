create or replace trigger count_insert
after insert on tracker.request_bounties
referencing new table as changed
for each statement
execute function tracker.count_request_bounties();

comment on trigger count_insert on tracker.request_bounties is 'Keeps total_bounty of the request.';
