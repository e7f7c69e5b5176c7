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
