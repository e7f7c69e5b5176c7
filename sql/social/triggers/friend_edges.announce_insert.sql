create or replace trigger announce_insert
after insert on social.friend_edges
referencing new table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_insert on social.friend_edges is 'Friends see more of each other.';
