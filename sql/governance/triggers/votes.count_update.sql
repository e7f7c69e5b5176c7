create or replace trigger count_update
after update on governance.votes
referencing old table as removed new table as added
for each statement
execute function governance.count_votes();

comment on trigger count_update on governance.votes is 'Keeps the running tally of the proposal.';
