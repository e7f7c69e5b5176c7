create or replace trigger keep_edges_insert
after insert on social.friendships
referencing new table as after_rows
for each statement execute function social.keep_friend_edges();

comment on trigger keep_edges_insert on social.friendships is 'Keeps social.friend_edges.';
