create or replace view social.friends
with (security_invoker = true)
as
select user_id, friend_id, accepted_at as since
from social.friendships
where status = 'accepted'
union all
select friend_id, user_id, accepted_at
from social.friendships
where status = 'accepted';

comment on view social.friends is
  E'@name friend\n@primaryKey user_id,friend_id\n@foreignKey (user_id) references core.users (id)\n@foreignKey (friend_id) references core.users (id)|@behavior -manyRelation:resource:connection\nThe friends of a person, both directions of each friendship. Members see their own. Ask with a user_id: each half is then one index range.';
comment on column social.friends.user_id is 'Whose friend.';
comment on column social.friends.friend_id is 'The friend.';
comment on column social.friends.since is 'When the request was accepted.';
