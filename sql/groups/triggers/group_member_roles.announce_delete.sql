create or replace trigger announce_delete
after delete on groups.group_member_roles
referencing old table as changed
for each statement
execute function core.announce_rows('group', 'group_id');

comment on trigger announce_delete on groups.group_member_roles is 'Listeners of the channels are checked again: what a person may read follows from this.';
