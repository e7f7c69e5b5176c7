-- Why: one list of a person is not called after the columns of two keys, and whom somebody is blocked by is no list of theirs in the API.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on constraint friendships_user_id_fkey on social.friendships is E'@foreignFieldName requestedFriendships\nGoes with the person who asked.';
comment on constraint friendships_friend_id_fkey on social.friendships is E'@foreignFieldName receivedFriendships\nGoes with the person who was asked.';
comment on constraint blocks_blocker_id_fkey on social.blocks is E'@foreignFieldName blocks\nGoes with the person who blocked.';
comment on constraint blocks_blocked_id_fkey on social.blocks is E'@behavior -manyRelation:resource:connection\nGoes with the person who is blocked, who does not learn of it.';

-- Down Migration

comment on constraint friendships_user_id_fkey on social.friendships is null;
comment on constraint friendships_friend_id_fkey on social.friendships is null;
comment on constraint blocks_blocker_id_fkey on social.blocks is null;
comment on constraint blocks_blocked_id_fkey on social.blocks is null;
