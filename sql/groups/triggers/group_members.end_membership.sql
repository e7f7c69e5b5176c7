create or replace trigger end_membership
after delete on groups.group_members
referencing old table as gone
for each statement
execute function groups.end_membership();

comment on trigger end_membership on groups.group_members is 'Ends voice sessions, and forgets what was followed and read.';
