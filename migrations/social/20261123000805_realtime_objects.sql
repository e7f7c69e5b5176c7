-- Why: realtime objects: 2 triggers, as they stand under sql/.
-- New: social triggers friend_edges.announce_delete, social triggers friend_edges.announce_insert.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on social.friend_edges (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: social/triggers/friend_edges.announce_delete.sql
create or replace trigger announce_delete
after delete on social.friend_edges
referencing old table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_delete on social.friend_edges is 'Former friends see less of each other.';

-- Object: social/triggers/friend_edges.announce_insert.sql
create or replace trigger announce_insert
after insert on social.friend_edges
referencing new table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_insert on social.friend_edges is 'Friends see more of each other.';

-- End of objects

-- Down Migration

drop trigger announce_insert on social.friend_edges;
drop trigger announce_delete on social.friend_edges;
