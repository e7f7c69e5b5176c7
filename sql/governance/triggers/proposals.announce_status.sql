create or replace trigger announce_status
after update of status on governance.proposals
for each row
when (old.status is distinct from new.status)
execute function core.announce_row('proposal', 'id');

comment on trigger announce_status on governance.proposals is 'Who follows a vote is told that it opened or closed. Ballots are not announced: see the tally.';
