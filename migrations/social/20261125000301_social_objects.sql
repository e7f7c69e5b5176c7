-- Why: In a plan for any value, "p_after is null or …" is a filter: a page of friends read all that lies before it.
-- Changed: social.friends_of, social.mutual_friends.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: social/functions/friends_of.sql
create or replace function social.friends_of(p_user_id uuid, p_after uuid default null, p_limit integer default 25)
returns setof social.friends
language sql
stable
rows 25
-- The edges have no grants; other people's friendships are hidden by policy.
security definer
set search_path = ''
begin atomic
  select edge.user_id, edge.friend_id, edge.since
  from social.friend_edges as edge
  where edge.user_id = p_user_id
    and edge.friend_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    and (select social.may_see_friends(p_user_id))
  order by edge.friend_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.friends_of(uuid, uuid, integer) is
  'The friends of somebody whose profile the caller may see, in the order of their ids: at most 100 at once; send the last friend_id as p_after for the next ones. Nothing for a profile that is hidden. One index range.';

revoke all on function social.friends_of(uuid, uuid, integer) from public;
grant execute on function social.friends_of(uuid, uuid, integer) to stoa_anonymous;

-- Object: social/functions/mutual_friends.sql
create or replace function social.mutual_friends(p_user_id uuid, p_after uuid default null, p_limit integer default 25)
returns setof social.friends
language sql
stable
rows 25
-- The edges have no grants.
security definer
set search_path = ''
begin atomic
  select mine.user_id, mine.friend_id, mine.since
  from social.friend_edges as mine
  join social.friend_edges as theirs
    on theirs.user_id = p_user_id
   and theirs.friend_id = mine.friend_id
  where mine.user_id = core.current_user_id()
    and mine.friend_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    and (select social.may_see_friends(p_user_id))
  order by mine.friend_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.mutual_friends(uuid, uuid, integer) is
  'The caller''s friends who are friends of somebody else too, in the order of their ids: at most 100 at once; send the last friend_id as p_after for the next ones. Nothing for a profile that is hidden. Two index ranges, merged.';

revoke all on function social.mutual_friends(uuid, uuid, integer) from public;
grant execute on function social.mutual_friends(uuid, uuid, integer) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: social/functions/friends_of.sql
create or replace function social.friends_of(p_user_id uuid, p_after uuid default null, p_limit integer default 25)
returns setof social.friends
language sql
stable
rows 25
-- The edges have no grants; other people's friendships are hidden by policy.
security definer
set search_path = ''
begin atomic
  select edge.user_id, edge.friend_id, edge.since
  from social.friend_edges as edge
  where edge.user_id = p_user_id
    and (p_after is null or edge.friend_id > p_after)
    and (select social.may_see_friends(p_user_id))
  order by edge.friend_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.friends_of(uuid, uuid, integer) is
  'The friends of somebody whose profile the caller may see, in the order of their ids: at most 100 at once; send the last friend_id as p_after for the next ones. Nothing for a profile that is hidden. One index range.';

revoke all on function social.friends_of(uuid, uuid, integer) from public;
grant execute on function social.friends_of(uuid, uuid, integer) to stoa_anonymous;

-- Object: social/functions/mutual_friends.sql
create or replace function social.mutual_friends(p_user_id uuid, p_after uuid default null, p_limit integer default 25)
returns setof social.friends
language sql
stable
rows 25
-- The edges have no grants.
security definer
set search_path = ''
begin atomic
  select mine.user_id, mine.friend_id, mine.since
  from social.friend_edges as mine
  join social.friend_edges as theirs
    on theirs.user_id = p_user_id
   and theirs.friend_id = mine.friend_id
  where mine.user_id = core.current_user_id()
    and (p_after is null or mine.friend_id > p_after)
    and (select social.may_see_friends(p_user_id))
  order by mine.friend_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.mutual_friends(uuid, uuid, integer) is
  'The caller''s friends who are friends of somebody else too, in the order of their ids: at most 100 at once; send the last friend_id as p_after for the next ones. Nothing for a profile that is hidden. Two index ranges, merged.';

revoke all on function social.mutual_friends(uuid, uuid, integer) from public;
grant execute on function social.mutual_friends(uuid, uuid, integer) to stoa_member;

-- End of objects
