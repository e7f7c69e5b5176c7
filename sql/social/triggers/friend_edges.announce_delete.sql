create or replace trigger announce_delete
after delete on social.friend_edges
referencing old table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_delete on social.friend_edges is 'Former friends see less of each other.';
