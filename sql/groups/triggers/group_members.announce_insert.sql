create or replace trigger announce_insert
after insert on groups.group_members
referencing new table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_insert on groups.group_members is 'Who joined may listen to the channels of the group.';
