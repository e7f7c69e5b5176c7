create or replace trigger announce_change
after update of is_private, category_id, parent_channel_id, deleted_at on groups.channels
for each row
when (
  (old.is_private, old.category_id, old.parent_channel_id, old.deleted_at)
  is distinct from (new.is_private, new.category_id, new.parent_channel_id, new.deleted_at)
)
execute function core.announce_row('group', 'group_id');

comment on trigger announce_change on groups.channels is 'Listeners of the channels are checked again: what a person may read follows from this. For each row, because the newest message is kept here.';
