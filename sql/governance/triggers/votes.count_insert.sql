create or replace trigger count_insert
after insert on governance.votes
referencing new table as added
for each statement
execute function governance.count_votes();

comment on trigger count_insert on governance.votes is 'Keeps the running tally of the proposal.';
