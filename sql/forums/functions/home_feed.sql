create or replace function forums.home_feed(
  p_sort text default 'hot',
  p_after text default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
set search_path = ''
-- Planning costs more than reading a page from each forum; without this each call is planned, because a limit that is
-- not known looks like a tenth of every forum.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  me constant uuid := core.require_member();
  after_id constant uuid := coalesce(forums.cursor_id(p_after), 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  page constant integer := forums.page_size(p_first);
  after_number double precision;
  after_score integer;
  after_time timestamptz;
begin
  if p_sort = 'hot' then
    after_number := coalesce(forums.cursor_key(p_after, 'number')::double precision, 'infinity');
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and (post.hot_rank, post.id) < (after_number, after_id)
        order by post.hot_rank desc, post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.hot_rank desc, candidate.id desc
      limit page;
  elsif p_sort = 'new' then
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and post.id < after_id
        order by post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.id desc
      limit page;
  elsif p_sort = 'top' then
    after_score := coalesce(forums.cursor_key(p_after, 'integer')::integer, 2147483647);
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and (post.score, post.id) < (after_score, after_id)
        order by post.score desc, post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.score desc, candidate.id desc
      limit page;
  elsif p_sort = 'active' then
    after_time := coalesce(forums.cursor_key(p_after, 'time')::timestamptz, 'infinity');
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and (post.last_activity_at, post.id) < (after_time, after_id)
        order by post.last_activity_at desc, post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.last_activity_at desc, candidate.id desc
      limit page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.home_feed(text, text, integer) is
  E'@argument sort hot, new, top or active.\n@argument after The place of the last post of the page before, as in forumFeed.\n@simpleCollections only\nOne page of the posts of the forums that the caller follows: sort is hot, new, top or active; first and after as in forumFeed. Takes one page from the index of each followed forum and merges them: its cost grows with the number of followed forums, not with their size. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.home_feed(text, text, integer) from public;
grant execute on function forums.home_feed(text, text, integer) to stoa_member;
