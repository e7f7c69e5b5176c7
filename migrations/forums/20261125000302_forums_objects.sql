-- Why: Pages of forums were planned anew for each call, since a limit that is not known looks like a tenth of the forum;
--   pages by newest read all that lies before their cursor (coalesce() is taken for leaky under row-level security, so it is
--   no bound of an index), and pages of the best comments all that share the score of the last one. And the count of a vote was
--   planned for each vote.
-- New: forums.bar_to_reading.
-- Changed: forums.all_feed, forums.comment_tree, forums.count_comment_votes, forums.count_post_votes,
--   forums.feed, forums.home_feed, forums.readable_forum.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: forums/functions/all_feed.sql
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

-- Object: forums/functions/bar_to_reading.sql
create or replace function forums.bar_to_reading(p_forum forums.forums)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  rank constant integer := core.current_role_rank();
begin
  if rank >= 2 then
    return null;
  end if;
  if p_forum.deleted_at is not null then
    return 'unknown';
  end if;

  if rank = 0 or me is null then
    return case when not p_forum.is_public or p_forum.min_read_class_id is not null then 'unknown' end;
  end if;

  if not (
    p_forum.is_public
    or p_forum.owner_id = me
    or exists (
      select from forums.subscriptions as subscription
      where subscription.user_id = me and subscription.forum_id = p_forum.id
    )
    or exists (
      select from forums.moderators as moderator
      where moderator.user_id = me and moderator.forum_id = p_forum.id
    )
  ) then
    return 'unknown';
  end if;
  -- Asked here, because most forums are open to every class.
  if p_forum.min_read_class_id is not null and not forums.class_reaches(me, p_forum.min_read_class_id) then
    return 'unknown';
  end if;
  return case when forums.is_banned(p_forum.id, me) then 'banned' end;
end
$$;

comment on function forums.bar_to_reading(forums.forums) is
  'Internal. What keeps the caller from reading a forum, by the rule of forums.my_readable_forum_ids for one forum: banned where only a ban is in the way, unknown where anything else is, null where nothing is. A few look-ups by primary key.';

revoke all on function forums.bar_to_reading(forums.forums) from public;

-- Object: forums/functions/comment_tree.sql
create or replace function forums.comment_tree(
  p_post_id uuid,
  p_sort text default 'tree',
  p_root_id uuid default null,
  p_after text default null,
  p_first integer default 50
)
returns setof forums.comments
language plpgsql
stable
rows 50
-- Asks once whether the caller may read the post, where the policy of the table asks for every comment. A tombstone
-- holds no text, so a row is safe to return as it is.
security definer
set search_path = ''
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page integer := least(greatest(coalesce(p_first, 50), 1), 200);
  root forums.comments;
  lower_path uuid[];
  after_score integer;
  taken integer;
begin
  perform forums.live_post(p_post_id);
  if p_root_id is not null then
    select * into root
    from forums.comments as comment
    where comment.post_id = p_post_id and comment.id = p_root_id;
    if not found then
      perform core.fail('comment.unknown');
    end if;
  end if;

  if p_sort = 'tree' then
    if p_after is not null then
      select comment.path into lower_path
      from forums.comments as comment
      where comment.post_id = p_post_id and comment.id = after_id;
      if not found then
        perform core.fail('feed.cursor_malformed');
      end if;
    end if;
    return query
      select comment.*
      from forums.comments as comment
      where comment.post_id = p_post_id
        and comment.path > coalesce(lower_path, root.path, '{}')
        and comment.path < coalesce(root.path, '{}') || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
      order by comment.path
      limit page;
  elsif p_sort = 'best' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    -- The rest of those that have the score of the last one, then those that have less: each is a range that begins
    -- where it should. One condition for both would read all that have that score, and they may be most of them.
    if root.id is null then
      if p_after is not null then
        return query
          select comment.*
          from forums.comments as comment
          where comment.post_id = p_post_id
            and comment.parent_id is null
            and comment.score = after_score
            and comment.id > after_id
          order by comment.parent_id, comment.id
          limit page;
        get diagnostics taken = row_count;
        page := page - taken;
      end if;
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id is null
          and comment.score <= coalesce(after_score::bigint - 1, 2147483647)
        -- "is null" is no equality to the planner: without the parent in the order it would sort.
        order by comment.parent_id, comment.score desc, comment.id
        limit page;
    else
      if p_after is not null then
        return query
          select comment.*
          from forums.comments as comment
          where comment.post_id = p_post_id
            and comment.parent_id = root.id
            and comment.score = after_score
            and comment.id > after_id
          order by comment.id
          limit page;
        get diagnostics taken = row_count;
        page := page - taken;
      end if;
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id = root.id
          and comment.score <= coalesce(after_score::bigint - 1, 2147483647)
        order by comment.score desc, comment.id
        limit page;
    end if;
  elsif p_sort = 'new' then
    if root.id is null then
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by comment.id desc
        limit page;
    else
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
          and comment.path between root.path and root.path || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
        order by comment.id desc
        limit page;
    end if;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.comment_tree(uuid, text, uuid, text, integer) is
  E'@argument root_id The comment to begin below; left out: the whole tree.\n@argument sort tree (the whole tree in reading order), best or new.\n@argument after The place of the last comment of the page before: id (tree, new) or score:id (best).\n@simpleCollections only\nOne page of a post''s comments. sort: tree, the whole tree in reading order (after: id); best, the answers to one comment, or the top level, by score (after: score:id); new, the newest first (after: id). root: only what stands under this comment. first: 1 to 200 comments. Deleted comments appear as tombstones without text. Refuses post.unknown, forum.banned, comment.unknown, feed.sort_unknown and feed.cursor_malformed. Reads about as many index entries as it returns rows.';

revoke all on function forums.comment_tree(uuid, text, uuid, text, integer) from public;
grant execute on function forums.comment_tree(uuid, text, uuid, text, integer) to stoa_anonymous;

-- Object: forums/functions/count_comment_votes.sql
create or replace function forums.count_comment_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a vote; the counters are nobody's to write.
security definer
set search_path = ''
-- With the array filled in, its update would be planned for each vote: a quarter of what a vote costs.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  comment_ids uuid[];
  ups integer[];
  downs integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        added.comment_id,
        (count(*) filter (where added.direction = 1))::integer as up,
        (count(*) filter (where added.direction = -1))::integer as down
      from added
      group by added.comment_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        removed.comment_id,
        -(count(*) filter (where removed.direction = 1))::integer as up,
        -(count(*) filter (where removed.direction = -1))::integer as down
      from removed
      group by removed.comment_id
    ) as counted;
  else
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        changed.comment_id,
        sum(case when changed.direction = 1 then changed.step else 0 end)::integer as up,
        sum(case when changed.direction = -1 then changed.step else 0 end)::integer as down
      from (
        select added.comment_id, added.direction, 1 as step from added
        union all
        select removed.comment_id, removed.direction, -1 from removed
      ) as changed
      group by changed.comment_id
    ) as counted
    where counted.up <> 0 or counted.down <> 0;
  end if;
  if comment_ids is null then
    return null;
  end if;

  if cardinality(comment_ids) > 1 then
    perform from forums.comments as comment where comment.id = any (comment_ids) order by comment.id for no key update;
  end if;
  update forums.comments as comment
  set upvote_count = comment.upvote_count + counted.up,
      downvote_count = comment.downvote_count + counted.down,
      score = comment.score + counted.up - counted.down
  from unnest(comment_ids, ups, downs) as counted (comment_id, up, down)
  where comment.id = counted.comment_id;
  return null;
end
$$;

comment on function forums.count_comment_votes() is
  'Trigger. Keeps score, upvote_count and downvote_count of comments as differences: one update a comment and statement, comments locked in the order of their keys.';

revoke all on function forums.count_comment_votes() from public;

-- Object: forums/functions/count_post_votes.sql
create or replace function forums.count_post_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a vote; the counters are nobody's to write.
security definer
set search_path = ''
-- With the array filled in, its update would be planned for each vote: a quarter of what a vote costs.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  post_ids uuid[];
  ups integer[];
  downs integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        added.post_id,
        (count(*) filter (where added.direction = 1))::integer as up,
        (count(*) filter (where added.direction = -1))::integer as down
      from added
      group by added.post_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        removed.post_id,
        -(count(*) filter (where removed.direction = 1))::integer as up,
        -(count(*) filter (where removed.direction = -1))::integer as down
      from removed
      group by removed.post_id
    ) as counted;
  else
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        changed.post_id,
        sum(case when changed.direction = 1 then changed.step else 0 end)::integer as up,
        sum(case when changed.direction = -1 then changed.step else 0 end)::integer as down
      from (
        select added.post_id, added.direction, 1 as step from added
        union all
        select removed.post_id, removed.direction, -1 from removed
      ) as changed
      group by changed.post_id
    ) as counted
    where counted.up <> 0 or counted.down <> 0;
  end if;
  if post_ids is null then
    return null;
  end if;

  if cardinality(post_ids) > 1 then
    perform from forums.posts as post where post.id = any (post_ids) order by post.id for no key update;
  end if;
  update forums.posts as post
  set upvote_count = post.upvote_count + counted.up,
      downvote_count = post.downvote_count + counted.down,
      score = post.score + counted.up - counted.down
  from unnest(post_ids, ups, downs) as counted (post_id, up, down)
  where post.id = counted.post_id;
  return null;
end
$$;

comment on function forums.count_post_votes() is
  'Trigger. Keeps score, upvote_count and downvote_count of posts as differences, so that counts which came with an import stay in: one update a post and statement, posts locked in the order of their keys.';

revoke all on function forums.count_post_votes() from public;

-- Object: forums/functions/feed.sql
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

-- Object: forums/functions/home_feed.sql
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

-- Object: forums/functions/readable_forum.sql
create or replace function forums.readable_forum(p_forum_id uuid, p_unknown text default 'forum.unknown')
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  forum forums.forums;
  bar text;
begin
  select * into forum
  from forums.forums as candidate
  where candidate.id = p_forum_id;
  if not found then
    perform core.fail(p_unknown);
  end if;
  bar := forums.bar_to_reading(forum);
  if bar is not null then
    perform core.fail(case bar when 'banned' then 'forum.banned' else p_unknown end);
  end if;
  return forum;
end
$$;

comment on function forums.readable_forum(uuid, text) is
  'Internal. A forum, if the caller may read it: the rule of forums.my_readable_forum_ids for one forum. Refuses with p_unknown (forum.unknown, or the like of the thing asked for), or forum.banned where only a ban is in the way.';

revoke all on function forums.readable_forum(uuid, text) from public;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function forums.bar_to_reading(forums.forums);

-- Object: forums/functions/all_feed.sql
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
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
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
        and post.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by post.id desc
      limit page;
  elsif p_sort = 'top' and p_window <= interval '31 days' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    return query
      select post.*
      from forums.posts as post
      where post.deleted_at is null
        and post.id >= core.uuidv7_floor(now() - p_window)
        and (p_after is null or (post.score, post.id) < (after_score, after_id))
      order by post.score desc, post.id desc
      limit page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.all_feed(text, interval, text, integer) is
  E'@name all_forums_feed\n@argument sort hot, new or top.\n@argument after The place of the last post of the page before, as in forumFeed.\n@argument window How far back top looks.\n@simpleCollections only\nOne page of the posts of every forum that the caller may read: sort is hot, new, or top with a window of at most 31 days. first and after as in forumFeed. Reads about as many index entries as it returns rows, plus those of forums that the caller may not read; top sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.all_feed(text, interval, text, integer) from public;
grant execute on function forums.all_feed(text, interval, text, integer) to stoa_anonymous;

-- Object: forums/functions/comment_tree.sql
create or replace function forums.comment_tree(
  p_post_id uuid,
  p_sort text default 'tree',
  p_root_id uuid default null,
  p_after text default null,
  p_first integer default 50
)
returns setof forums.comments
language plpgsql
stable
rows 50
-- Asks once whether the caller may read the post, where the policy of the table asks for every comment. A tombstone
-- holds no text, so a row is safe to return as it is.
security definer
set search_path = ''
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page constant integer := least(greatest(coalesce(p_first, 50), 1), 200);
  root forums.comments;
  lower_path uuid[];
  after_score integer;
begin
  perform forums.live_post(p_post_id);
  if p_root_id is not null then
    select * into root
    from forums.comments as comment
    where comment.post_id = p_post_id and comment.id = p_root_id;
    if not found then
      perform core.fail('comment.unknown');
    end if;
  end if;

  if p_sort = 'tree' then
    if p_after is not null then
      select comment.path into lower_path
      from forums.comments as comment
      where comment.post_id = p_post_id and comment.id = after_id;
      if not found then
        perform core.fail('feed.cursor_malformed');
      end if;
    end if;
    return query
      select comment.*
      from forums.comments as comment
      where comment.post_id = p_post_id
        and comment.path > coalesce(lower_path, root.path, '{}')
        and comment.path < coalesce(root.path, '{}') || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
      order by comment.path
      limit page;
  elsif p_sort = 'best' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    if root.id is null then
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id is null
          and comment.score <= coalesce(after_score, 2147483647)
          and (p_after is null or comment.score < after_score or comment.id > after_id)
        -- "is null" is no equality to the planner: without the parent in the order it would sort.
        order by comment.parent_id, comment.score desc, comment.id
        limit page;
    else
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id = root.id
          and comment.score <= coalesce(after_score, 2147483647)
          and (p_after is null or comment.score < after_score or comment.id > after_id)
        order by comment.score desc, comment.id
        limit page;
    end if;
  elsif p_sort = 'new' then
    return query
      select comment.*
      from forums.comments as comment
      where comment.post_id = p_post_id
        and comment.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        and (root.id is null or comment.path between root.path and root.path || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
      order by comment.id desc
      limit page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.comment_tree(uuid, text, uuid, text, integer) is
  E'@argument root_id The comment to begin below; left out: the whole tree.\n@argument sort tree (the whole tree in reading order), best or new.\n@argument after The place of the last comment of the page before: id (tree, new) or score:id (best).\n@simpleCollections only\nOne page of a post''s comments. sort: tree, the whole tree in reading order (after: id); best, the answers to one comment, or the top level, by score (after: score:id); new, the newest first (after: id). root: only what stands under this comment. first: 1 to 200 comments. Deleted comments appear as tombstones without text. Refuses post.unknown, forum.banned, comment.unknown, feed.sort_unknown and feed.cursor_malformed. Reads about as many index entries as it returns rows.';

revoke all on function forums.comment_tree(uuid, text, uuid, text, integer) from public;
grant execute on function forums.comment_tree(uuid, text, uuid, text, integer) to stoa_anonymous;

-- Object: forums/functions/count_comment_votes.sql
create or replace function forums.count_comment_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a vote; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  comment_ids uuid[];
  ups integer[];
  downs integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        added.comment_id,
        (count(*) filter (where added.direction = 1))::integer as up,
        (count(*) filter (where added.direction = -1))::integer as down
      from added
      group by added.comment_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        removed.comment_id,
        -(count(*) filter (where removed.direction = 1))::integer as up,
        -(count(*) filter (where removed.direction = -1))::integer as down
      from removed
      group by removed.comment_id
    ) as counted;
  else
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        changed.comment_id,
        sum(case when changed.direction = 1 then changed.step else 0 end)::integer as up,
        sum(case when changed.direction = -1 then changed.step else 0 end)::integer as down
      from (
        select added.comment_id, added.direction, 1 as step from added
        union all
        select removed.comment_id, removed.direction, -1 from removed
      ) as changed
      group by changed.comment_id
    ) as counted
    where counted.up <> 0 or counted.down <> 0;
  end if;
  if comment_ids is null then
    return null;
  end if;

  if cardinality(comment_ids) > 1 then
    perform from forums.comments as comment where comment.id = any (comment_ids) order by comment.id for no key update;
  end if;
  update forums.comments as comment
  set upvote_count = comment.upvote_count + counted.up,
      downvote_count = comment.downvote_count + counted.down,
      score = comment.score + counted.up - counted.down
  from unnest(comment_ids, ups, downs) as counted (comment_id, up, down)
  where comment.id = counted.comment_id;
  return null;
end
$$;

comment on function forums.count_comment_votes() is
  'Trigger. Keeps score, upvote_count and downvote_count of comments as differences: one update a comment and statement, comments locked in the order of their keys.';

revoke all on function forums.count_comment_votes() from public;

-- Object: forums/functions/count_post_votes.sql
create or replace function forums.count_post_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a vote; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  post_ids uuid[];
  ups integer[];
  downs integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        added.post_id,
        (count(*) filter (where added.direction = 1))::integer as up,
        (count(*) filter (where added.direction = -1))::integer as down
      from added
      group by added.post_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        removed.post_id,
        -(count(*) filter (where removed.direction = 1))::integer as up,
        -(count(*) filter (where removed.direction = -1))::integer as down
      from removed
      group by removed.post_id
    ) as counted;
  else
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        changed.post_id,
        sum(case when changed.direction = 1 then changed.step else 0 end)::integer as up,
        sum(case when changed.direction = -1 then changed.step else 0 end)::integer as down
      from (
        select added.post_id, added.direction, 1 as step from added
        union all
        select removed.post_id, removed.direction, -1 from removed
      ) as changed
      group by changed.post_id
    ) as counted
    where counted.up <> 0 or counted.down <> 0;
  end if;
  if post_ids is null then
    return null;
  end if;

  if cardinality(post_ids) > 1 then
    perform from forums.posts as post where post.id = any (post_ids) order by post.id for no key update;
  end if;
  update forums.posts as post
  set upvote_count = post.upvote_count + counted.up,
      downvote_count = post.downvote_count + counted.down,
      score = post.score + counted.up - counted.down
  from unnest(post_ids, ups, downs) as counted (post_id, up, down)
  where post.id = counted.post_id;
  return null;
end
$$;

comment on function forums.count_post_votes() is
  'Trigger. Keeps score, upvote_count and downvote_count of posts as differences, so that counts which came with an import stay in: one update a post and statement, posts locked in the order of their keys.';

revoke all on function forums.count_post_votes() from public;

-- Object: forums/functions/feed.sql
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

-- Object: forums/functions/home_feed.sql
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

-- Object: forums/functions/readable_forum.sql
create or replace function forums.readable_forum(p_forum_id uuid, p_unknown text default 'forum.unknown')
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  rank constant integer := core.current_role_rank();
  forum forums.forums;
begin
  select * into forum
  from forums.forums as candidate
  where candidate.id = p_forum_id
    and (candidate.deleted_at is null or rank >= 2);
  if not found then
    perform core.fail(p_unknown);
  end if;
  if rank >= 2 then
    return forum;
  end if;

  if rank = 0 or me is null then
    if not forum.is_public or forum.min_read_class_id is not null then
      perform core.fail(p_unknown);
    end if;
    return forum;
  end if;

  if not (
    forum.is_public
    or forum.owner_id = me
    or exists (
      select from forums.subscriptions as subscription
      where subscription.user_id = me and subscription.forum_id = forum.id
    )
    or exists (
      select from forums.moderators as moderator
      where moderator.user_id = me and moderator.forum_id = forum.id
    )
  ) then
    perform core.fail(p_unknown);
  end if;
  if not forums.class_reaches(me, forum.min_read_class_id) then
    perform core.fail(p_unknown);
  end if;
  if forums.is_banned(forum.id, me) then
    perform core.fail('forum.banned');
  end if;
  return forum;
end
$$;

comment on function forums.readable_forum(uuid, text) is
  'Internal. A forum, if the caller may read it: the rule of forums.my_readable_forum_ids for one forum. Refuses with p_unknown (forum.unknown, or the like of the thing asked for), or forum.banned where only a ban is in the way.';

revoke all on function forums.readable_forum(uuid, text) from public;

-- End of objects
