create or replace trigger count_update
after update on tracker.request_bounties
referencing old table as earlier new table as changed
for each statement
execute function tracker.count_request_bounties();

comment on trigger count_update on tracker.request_bounties is 'Keeps total_bounty of the request when a contribution goes back.';
