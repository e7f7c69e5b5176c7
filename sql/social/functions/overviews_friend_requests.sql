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
