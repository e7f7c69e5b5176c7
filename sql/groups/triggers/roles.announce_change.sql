create or replace trigger announce_change
after update of permissions on groups.roles
for each row
when (old.permissions is distinct from new.permissions)
execute function core.announce_row('group', 'group_id');

comment on trigger announce_change on groups.roles is 'Listeners of the channels are checked again: what a person may read follows from this.';
