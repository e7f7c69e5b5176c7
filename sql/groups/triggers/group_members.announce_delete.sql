create or replace trigger announce_delete
after delete on groups.group_members
referencing old table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_delete on groups.group_members is 'Who left, was kicked or banned listens no longer.';
