create or replace trigger keep_edges_delete
after delete on social.friendships
referencing old table as before_rows
for each statement execute function social.keep_friend_edges();

comment on trigger keep_edges_delete on social.friendships is 'Keeps social.friend_edges.';
