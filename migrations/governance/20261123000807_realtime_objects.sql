-- Why: realtime objects: 1 trigger, as they stand under sql/.
-- New: governance triggers proposals.announce_status.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on governance.proposals (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: governance/triggers/proposals.announce_status.sql
create or replace trigger announce_status
after update of status on governance.proposals
for each row
when (old.status is distinct from new.status)
execute function core.announce_row('proposal', 'id');

comment on trigger announce_status on governance.proposals is 'Who follows a vote is told that it opened or closed. Ballots are not announced: see the tally.';

-- End of objects

-- Down Migration

drop trigger announce_status on governance.proposals;
