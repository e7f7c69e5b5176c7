create or replace trigger count_delete
after delete on governance.votes
referencing old table as removed
for each statement
execute function governance.count_votes();

comment on trigger count_delete on governance.votes is 'Keeps the running tally of the proposal.';
