-- Why: the requests that wait for an answer are a field of the person in the API.
-- New: social.overviews_friend_requests.
-- Changed: social views friends.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: social/functions/overviews_friend_requests.sql
create or replace function social.overviews_friend_requests(p_overview core.overviews, p_limit integer default 25)
returns setof social.friendships
language sql
stable
rows 5
begin atomic
  select request.*
  from social.friendships as request
  where request.friend_id = core.current_user_id()
    and request.status = 'pending'
  order by request.user_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.overviews_friend_requests(core.overviews, integer) is
  'The requests for friendship that wait for one''s answer, at most 100. One index range.';

revoke all on function social.overviews_friend_requests(core.overviews, integer) from public;
grant execute on function social.overviews_friend_requests(core.overviews, integer) to stoa_member;

-- Object: social/views/friends.sql
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

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function social.overviews_friend_requests(core.overviews, integer);

-- Object: social/views/friends.sql
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
  E'@name friend\n@primaryKey user_id,friend_id\n@foreignKey (user_id) references core.users (id)\n@foreignKey (friend_id) references core.users (id)\nThe friends of a person, both directions of each friendship. Members see their own. Ask with a user_id: each half is then one index range.';
comment on column social.friends.user_id is 'Whose friend.';
comment on column social.friends.friend_id is 'The friend.';
comment on column social.friends.since is 'When the request was accepted.';

-- End of objects
