create or replace trigger announce_update
after update on groups.channel_permission_overrides
referencing new table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_update on groups.channel_permission_overrides is 'Listeners of the channels are checked again: what a person may read follows from this.';
