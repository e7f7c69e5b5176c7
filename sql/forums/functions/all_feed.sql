create or replace function forums.all_feed(
  p_sort text default 'hot',
  p_window interval default null,
  p_after text default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
set search_path = ''
-- A page costs less to read than to plan; without this each call is planned, because a limit that is not known looks
-- like a tenth of all posts.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  -- In a variable: under row-level security, coalesce() in a condition is taken for leaky and is no bound of an index.
  before constant uuid := coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  page constant integer := forums.page_size(p_first);
  after_number double precision;
  after_score integer;
begin
  if p_window is not null and p_sort is distinct from 'top' then
    perform core.fail('feed.sort_unknown');
  end if;

  if p_sort = 'hot' then
    after_number := forums.cursor_key(p_after, 'number')::double precision;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.deleted_at is null
        order by post.hot_rank desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.deleted_at is null
          and (post.hot_rank, post.id) < (after_number, after_id)
        order by post.hot_rank desc, post.id desc
        limit page;
    end if;
  elsif p_sort = 'new' then
    return query
      select post.*
      from forums.posts as post
      where post.deleted_at is null
        and post.id < before
      order by post.id desc
      limit page;
  elsif p_sort = 'top' and p_window <= interval '31 days' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    -- Planned for its window: a plan for any window would take it for a third of all posts.
    return query execute
      $sql$
        select post.*
        from forums.posts as post
        where post.deleted_at is null
          and post.id >= $1
      $sql$
      || case when p_after is null then '' else ' and (post.score, post.id) < ($2, $3)' end
      || ' order by post.score desc, post.id desc limit $4'
      using core.uuidv7_floor(now() - p_window), after_score, after_id, page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.all_feed(text, interval, text, integer) is
  E'@name all_forums_feed\n@argument sort hot, new or top.\n@argument after The place of the last post of the page before, as in forumFeed.\n@argument window How far back top looks.\n@simpleCollections only\nOne page of the posts of every forum that the caller may read: sort is hot, new, or top with a window of at most 31 days. first and after as in forumFeed. Reads about as many index entries as it returns rows, plus those of forums that the caller may not read; top sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.all_feed(text, interval, text, integer) from public;
grant execute on function forums.all_feed(text, interval, text, integer) to stoa_anonymous;
