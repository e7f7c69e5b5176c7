create or replace trigger announce_change
after update of is_public, owner_id, deleted_at on groups.groups
for each row
when ((old.is_public, old.owner_id, old.deleted_at) is distinct from (new.is_public, new.owner_id, new.deleted_at))
execute function core.announce_row('group', 'id');

comment on trigger announce_change on groups.groups is 'Listeners of the channels are checked again: what a person may read follows from this.';
