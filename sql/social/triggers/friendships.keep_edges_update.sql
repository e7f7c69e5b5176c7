create or replace trigger keep_edges_update
after update on social.friendships
referencing old table as before_rows new table as after_rows
for each statement execute function social.keep_friend_edges();

comment on trigger keep_edges_update on social.friendships is 'Keeps social.friend_edges.';
