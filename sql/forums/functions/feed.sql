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
-- Asks once whether the caller may read the forum, then reads as the owner: the policy works out every forum that the
-- caller may read. Its rules for live posts are repeated here.
security definer
set search_path = ''
-- A page costs less to read than to plan; without this each call is planned, because a limit that is not known looks
-- like a tenth of the forum.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  me constant uuid := core.current_user_id();
  after_id constant uuid := forums.cursor_id(p_after);
  before constant uuid := coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  page integer := forums.page_size(p_first);
  forum forums.forums;
  after_number double precision;
  after_score integer;
  after_time timestamptz;
begin
  if p_window is not null and p_sort is distinct from 'top' then
    perform core.fail('feed.sort_unknown');
  end if;

  select * into forum from forums.forums as candidate where candidate.id = p_forum_id;
  if forum.id is null then
    page := 0;
  elsif forums.bar_to_reading(forum) is not null then
    -- Owners and moderators read their live forum whatever their class, and while a ban is in force.
    if forum.deleted_at is not null or core.current_role_rank() = 0 or me is null then
      page := 0;
    elsif forum.owner_id <> me then
      perform from forums.moderators as moderator where moderator.user_id = me and moderator.forum_id = p_forum_id;
      page := case when found then page else 0 end;
    end if;
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
        and post.id < before
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
    -- Planned for its window: a plan for any window would take it for a third of the forum.
    return query execute
      $sql$
        select post.*
        from forums.posts as post
        where post.forum_id = $1
          and post.deleted_at is null
          and post.id >= $2
      $sql$
      || case when p_after is null then '' else ' and (post.score, post.id) < ($3, $4)' end
      || ' order by post.score desc, post.id desc limit $5'
      using p_forum_id, core.uuidv7_floor(now() - p_window), after_score, after_id, page;
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
  E'@name forum_feed\n@argument sort hot, new, top or active.\n@argument after The place of the last post of the page before: hotRank:id (hot), id (new), score:id (top) or lastActivityAt:id (active).\n@argument window How far back top looks.\n@simpleCollections only\nOne page of a forum''s posts: sort is hot, new, top or active; window limits top to posts of that age. first: 1 to 50 posts. after: the place of the last post of the page before, written hotRank:id, id (new), score:id or lastActivityAt:id. Pinned posts are among the others. A forum that the caller may not read is empty. Reads about as many index entries as it returns rows, at any depth; top with a window sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.feed(uuid, text, interval, text, integer) from public;
grant execute on function forums.feed(uuid, text, interval, text, integer) to stoa_anonymous;
