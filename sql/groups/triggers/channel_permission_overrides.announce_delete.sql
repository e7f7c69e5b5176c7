create or replace trigger announce_delete
after delete on groups.channel_permission_overrides
referencing old table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_delete on groups.channel_permission_overrides is 'Listeners of the channels are checked again: what a person may read follows from this.';
