create or replace function forums.feed(
  p_forum_id uuid,
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
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page constant integer := forums.page_size(p_first);
  after_number double precision;
  after_score integer;
  after_time timestamptz;
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
        where post.forum_id = p_forum_id
          and post.deleted_at is null
        order by post.hot_rank desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
          and (post.hot_rank, post.id) < (after_number, after_id)
        order by post.hot_rank desc, post.id desc
        limit page;
    end if;
  elsif p_sort = 'new' then
    return query
      select post.*
      from forums.posts as post
      where post.forum_id = p_forum_id
        and post.deleted_at is null
        and post.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by post.id desc
      limit page;
  elsif p_sort = 'top' and p_window is null then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
        order by post.score desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
          and (post.score, post.id) < (after_score, after_id)
        order by post.score desc, post.id desc
        limit page;
    end if;
  elsif p_sort = 'top' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    return query
      select post.*
      from forums.posts as post
      where post.forum_id = p_forum_id
        and post.deleted_at is null
        and post.id >= core.uuidv7_floor(now() - p_window)
        and (p_after is null or (post.score, post.id) < (after_score, after_id))
      order by post.score desc, post.id desc
      limit page;
  elsif p_sort = 'active' then
    after_time := forums.cursor_key(p_after, 'time')::timestamptz;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
        order by post.last_activity_at desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
          and (post.last_activity_at, post.id) < (after_time, after_id)
        order by post.last_activity_at desc, post.id desc
        limit page;
    end if;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.feed(uuid, text, interval, text, integer) is
  E'@name forum_feed\n@argument sort hot, new, top or active.\n@argument after The place of the last post of the page before: hotRank:id (hot), id (new), score:id (top) or lastActivityAt:id (active).\n@argument window How far back top looks.\n@simpleCollections only\nOne page of a forum''s posts: sort is hot, new, top or active; window limits top to posts of that age. first: 1 to 50 posts. after: the place of the last post of the page before, written hotRank:id, id (new), score:id or lastActivityAt:id. Pinned posts are among the others. Runs with the rights of the caller; a forum that they may not read is empty. Reads about as many index entries as it returns rows, at any depth; top with a window sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.feed(uuid, text, interval, text, integer) from public;
grant execute on function forums.feed(uuid, text, interval, text, integer) to stoa_anonymous;
