-- Why: a forum tells what the caller may do in it, and what voting returns has a name.
-- New: forums.forums_my_permissions.
-- Changed: forums.all_feed, forums.comment_tree, forums.create_post, forums.feed, forums.home_feed,
--   forums.vote_comment, forums.vote_poll, forums.vote_post.
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

-- Object: forums/functions/create_post.sql
create or replace function forums.create_post(
  p_forum_id uuid,
  p_title text,
  p_content text default '',
  p_type text default 'text',
  p_category_id uuid default null,
  p_flair_id uuid default null,
  p_link_url text default null,
  p_upload_ids uuid[] default null,
  p_poll_options text[] default null,
  p_poll_multiple_choice boolean default false,
  p_poll_closes_at timestamptz default null,
  p_content_format text default 'markdown',
  p_is_nsfw boolean default false,
  p_key text default null
)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_forum_id, p_title, p_content, p_type, p_category_id, p_flair_id, p_link_url, p_upload_ids,
    p_poll_options, p_poll_multiple_choice, p_poll_closes_at, p_content_format, p_is_nsfw
  );
  earlier jsonb;
  forum forums.forums;
  post forums.posts;
  post_title text;
  post_content text;
  options text[];
begin
  earlier := core.recall('forums.create_post', p_key, arguments);
  if earlier is not null then
    select * into post from forums.posts as made where made.id = (earlier ->> 'id')::uuid;
    return post;
  end if;

  forum := forums.writable_forum(p_forum_id);
  post_title := core.clean_text(p_title, 300);
  post_content := coalesce(core.clean_text(p_content, 40000, false), '');
  perform forums.clean_format(p_content_format);
  if p_type is null
    or p_type not in ('text', 'link', 'image', 'poll')
    or (p_type = 'link') <> (p_link_url is not null)
    or (p_type = 'image') <> (coalesce(cardinality(p_upload_ids), 0) > 0)
    or (p_type = 'poll') <> (coalesce(cardinality(p_poll_options), 0) > 0)
  then
    perform core.fail('post.type_mismatch');
  end if;
  if p_category_id is not null and not exists (
    select from forums.categories as category
    where category.forum_id = p_forum_id and category.id = p_category_id
  ) then
    perform core.fail('category.unknown');
  end if;
  perform forums.check_flair(p_forum_id, p_flair_id);
  perform forums.check_post_pace(me);

  insert into forums.posts (
    forum_id, author_id, category_id, flair_id, type, title, content, content_format, link_url, is_nsfw
  )
  values (
    p_forum_id, me, p_category_id, p_flair_id, p_type, post_title, post_content, p_content_format,
    case when p_type = 'link' then forums.clean_url(p_link_url) end,
    coalesce(p_is_nsfw, false)
  )
  returning * into post;

  if p_type = 'image' then
    perform forums.attach_uploads(post.id, p_upload_ids);
  end if;

  if p_type = 'poll' then
    select array_agg(core.clean_text(option.label, 200) order by option.position) into options
    from unnest(p_poll_options) with ordinality as option (label, position);
    if cardinality(options) not between 2 and 20
      or cardinality(options) <> (select count(distinct lower(label)) from unnest(options) as label)
      or p_poll_closes_at <= now()
      or p_poll_closes_at > now() + interval '90 days'
    then
      perform core.fail('post.poll_invalid');
    end if;
    insert into forums.polls (post_id, multiple_choice, closes_at)
    values (post.id, coalesce(p_poll_multiple_choice, false), p_poll_closes_at);
    insert into forums.poll_options (post_id, position, label)
    select post.id, option.position - 1, option.label
    from unnest(options) with ordinality as option (label, position);
  end if;

  insert into forums.post_subscriptions (user_id, post_id) values (me, post.id);
  if forum.auto_upvote_own then
    insert into forums.post_votes (post_id, user_id, direction) values (post.id, me, 1);
  end if;
  perform core.enqueue('notify_followers', json_build_object('postId', post.id));
  perform core.remember('forums.create_post', p_key, arguments, jsonb_build_object('id', post.id));

  select * into post from forums.posts as made where made.id = post.id;
  return post;
end
$$;

comment on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) is
  E'@argument poll_closes_at When the poll closes; left out: never.\n@argument poll_multiple_choice Whether one may choose several options.\n@argument poll_options The options to choose from, in their order.\nPosts to a forum and follows the post; in most forums it starts with the author''s own up-vote. type: text, link (with link_url), image (with 1 to 20 own finished uploads) or poll (with 2 to 20 different options; poll_multiple_choice; poll_closes_at within 90 days). content_format: markdown, bbcode or plain. key: send the same again after a lost answer and get the same post. Refuses: forum.unknown, forum.banned, forum.class_too_low; parts that do not fit the type (post.type_mismatch), post.link_invalid, post.upload_unusable, post.poll_invalid; category.unknown, flair.unknown, flair.moderators_only; a new account that posts too fast (post.too_soon, with the seconds to wait). Limits: title 300, content 40,000, an option 200 characters. About ten single-row writes; posts to one forum queue up for its counters at the end.';

revoke all on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) from public;
grant execute on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) to stoa_member;

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

-- Object: forums/functions/forums_my_permissions.sql
create or replace function forums.forums_my_permissions(p_forum forums.forums)
returns bigint
language sql
stable
begin atomic
  select forums.my_permissions(p_forum.id);
end;

comment on function forums.forums_my_permissions(forums.forums) is
  'What the caller may do in the forum, as the bits of a moderator (see myForumPermissions); 0 for who may do nothing. Two index look-ups.';

revoke all on function forums.forums_my_permissions(forums.forums) from public;
grant execute on function forums.forums_my_permissions(forums.forums) to stoa_anonymous;

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

-- Object: forums/functions/vote_comment.sql
create or replace function forums.vote_comment(
  p_comment_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  comment forums.comments;
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  select * into post from forums.posts as candidate where candidate.id = comment.post_id;
  perform forums.readable_forum(post.forum_id, 'comment.unknown');
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  if comment.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.comment_votes as vote
    where vote.comment_id = p_comment_id
      and vote.user_id = me;
  else
    insert into forums.comment_votes as existing (comment_id, user_id, direction)
    values (p_comment_id, me, p_direction)
    on conflict (comment_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_comment.score from forums.comments as voted where voted.id = p_comment_id;
  vote_comment.mine := p_direction;
end
$$;

comment on function forums.vote_comment(uuid, integer) is
  E'@returns comment_tally\n@resultFieldName tally\n@column mine The vote of the caller: 1, -1, or 0 for none.\n@column score Up-votes less down-votes.\nVotes on a comment: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. Refuses vote.direction_invalid, comment.unknown, comment.deleted, post.deleted and forum.banned. One vote row and one update of the comment; votes on one comment queue up.';

revoke all on function forums.vote_comment(uuid, integer) from public;
grant execute on function forums.vote_comment(uuid, integer) to stoa_member;

-- Object: forums/functions/vote_poll.sql
create or replace function forums.vote_poll(p_post_id uuid, p_positions integer[])
returns setof forums.poll_options
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  chosen constant integer[] := coalesce(p_positions, '{}');
  poll forums.polls;
begin
  perform forums.live_post(p_post_id);
  -- One ballot after the other: of two at once by one person, the second replaces the first.
  select * into poll from forums.polls as candidate where candidate.post_id = p_post_id for no key update;
  if not found then
    perform core.fail('poll.unknown');
  end if;
  if poll.closes_at <= now() then
    perform core.fail('poll.closed');
  end if;
  if (not poll.multiple_choice and cardinality(chosen) > 1)
    or cardinality(chosen) <> (
      select count(*)
      from forums.poll_options as option
      where option.post_id = p_post_id
        and option.position = any (chosen)
    )
  then
    perform core.fail('poll.choice_invalid');
  end if;

  delete from forums.poll_votes as vote
  where vote.post_id = p_post_id
    and vote.user_id = me
    and vote.position <> all (chosen);
  insert into forums.poll_votes (post_id, user_id, position)
  select p_post_id, me, choice.position
  from unnest(chosen) as choice (position)
  on conflict (post_id, user_id, position) do nothing;

  return query
    select option.*
    from forums.poll_options as option
    where option.post_id = p_post_id
    order by option.position;
end
$$;

comment on function forums.vote_poll(uuid, integer[]) is
  E'@argument positions The positions of the chosen options.\nCasts, changes or (with no positions) withdraws the caller''s ballot in a poll, and returns the options with their counts. Refuses post.unknown, forum.banned, a post without a poll (poll.unknown), a closed poll (poll.closed), positions that do not exist or occur twice, and several where one is allowed (poll.choice_invalid). Ballots of one poll queue up.';

revoke all on function forums.vote_poll(uuid, integer[]) from public;
grant execute on function forums.vote_poll(uuid, integer[]) to stoa_member;

-- Object: forums/functions/vote_post.sql
create or replace function forums.vote_post(
  p_post_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  -- The post before its votes, as everywhere: a purge of the post and a vote on it cannot wait for each other.
  post := forums.locked_post(p_post_id);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.post_votes as vote
    where vote.post_id = p_post_id
      and vote.user_id = me;
  else
    insert into forums.post_votes as existing (post_id, user_id, direction)
    values (p_post_id, me, p_direction)
    on conflict (post_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_post.score from forums.posts as voted where voted.id = p_post_id;
  vote_post.mine := p_direction;
end
$$;

comment on function forums.vote_post(uuid, integer) is
  E'@returns post_tally\n@resultFieldName tally\n@column mine The vote of the caller: 1, -1, or 0 for none.\n@column score Up-votes less down-votes.\nVotes on a post: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. A locked post can be voted on. Refuses vote.direction_invalid, post.unknown, post.deleted and forum.banned. One vote row and one update of the post; votes on one post queue up.';

revoke all on function forums.vote_post(uuid, integer) from public;
grant execute on function forums.vote_post(uuid, integer) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function forums.forums_my_permissions(forums.forums);

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
  E'@name all_forums_feed\n@simpleCollections only\nOne page of the posts of every forum that the caller may read: sort is hot, new, or top with a window of at most 31 days. first and after as in forumFeed. Reads about as many index entries as it returns rows, plus those of forums that the caller may not read; top sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

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
  E'@simpleCollections only\nOne page of a post''s comments. sort: tree, the whole tree in reading order (after: id); best, the answers to one comment, or the top level, by score (after: score:id); new, the newest first (after: id). root: only what stands under this comment. first: 1 to 200 comments. Deleted comments appear as tombstones without text. Refuses post.unknown, forum.banned, comment.unknown, feed.sort_unknown and feed.cursor_malformed. Reads about as many index entries as it returns rows.';

revoke all on function forums.comment_tree(uuid, text, uuid, text, integer) from public;
grant execute on function forums.comment_tree(uuid, text, uuid, text, integer) to stoa_anonymous;

-- Object: forums/functions/create_post.sql
create or replace function forums.create_post(
  p_forum_id uuid,
  p_title text,
  p_content text default '',
  p_type text default 'text',
  p_category_id uuid default null,
  p_flair_id uuid default null,
  p_link_url text default null,
  p_upload_ids uuid[] default null,
  p_poll_options text[] default null,
  p_poll_multiple_choice boolean default false,
  p_poll_closes_at timestamptz default null,
  p_content_format text default 'markdown',
  p_is_nsfw boolean default false,
  p_key text default null
)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_forum_id, p_title, p_content, p_type, p_category_id, p_flair_id, p_link_url, p_upload_ids,
    p_poll_options, p_poll_multiple_choice, p_poll_closes_at, p_content_format, p_is_nsfw
  );
  earlier jsonb;
  forum forums.forums;
  post forums.posts;
  post_title text;
  post_content text;
  options text[];
begin
  earlier := core.recall('forums.create_post', p_key, arguments);
  if earlier is not null then
    select * into post from forums.posts as made where made.id = (earlier ->> 'id')::uuid;
    return post;
  end if;

  forum := forums.writable_forum(p_forum_id);
  post_title := core.clean_text(p_title, 300);
  post_content := coalesce(core.clean_text(p_content, 40000, false), '');
  perform forums.clean_format(p_content_format);
  if p_type is null
    or p_type not in ('text', 'link', 'image', 'poll')
    or (p_type = 'link') <> (p_link_url is not null)
    or (p_type = 'image') <> (coalesce(cardinality(p_upload_ids), 0) > 0)
    or (p_type = 'poll') <> (coalesce(cardinality(p_poll_options), 0) > 0)
  then
    perform core.fail('post.type_mismatch');
  end if;
  if p_category_id is not null and not exists (
    select from forums.categories as category
    where category.forum_id = p_forum_id and category.id = p_category_id
  ) then
    perform core.fail('category.unknown');
  end if;
  perform forums.check_flair(p_forum_id, p_flair_id);
  perform forums.check_post_pace(me);

  insert into forums.posts (
    forum_id, author_id, category_id, flair_id, type, title, content, content_format, link_url, is_nsfw
  )
  values (
    p_forum_id, me, p_category_id, p_flair_id, p_type, post_title, post_content, p_content_format,
    case when p_type = 'link' then forums.clean_url(p_link_url) end,
    coalesce(p_is_nsfw, false)
  )
  returning * into post;

  if p_type = 'image' then
    perform forums.attach_uploads(post.id, p_upload_ids);
  end if;

  if p_type = 'poll' then
    select array_agg(core.clean_text(option.label, 200) order by option.position) into options
    from unnest(p_poll_options) with ordinality as option (label, position);
    if cardinality(options) not between 2 and 20
      or cardinality(options) <> (select count(distinct lower(label)) from unnest(options) as label)
      or p_poll_closes_at <= now()
      or p_poll_closes_at > now() + interval '90 days'
    then
      perform core.fail('post.poll_invalid');
    end if;
    insert into forums.polls (post_id, multiple_choice, closes_at)
    values (post.id, coalesce(p_poll_multiple_choice, false), p_poll_closes_at);
    insert into forums.poll_options (post_id, position, label)
    select post.id, option.position - 1, option.label
    from unnest(options) with ordinality as option (label, position);
  end if;

  insert into forums.post_subscriptions (user_id, post_id) values (me, post.id);
  if forum.auto_upvote_own then
    insert into forums.post_votes (post_id, user_id, direction) values (post.id, me, 1);
  end if;
  perform core.enqueue('notify_followers', json_build_object('postId', post.id));
  perform core.remember('forums.create_post', p_key, arguments, jsonb_build_object('id', post.id));

  select * into post from forums.posts as made where made.id = post.id;
  return post;
end
$$;

comment on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) is
  'Posts to a forum and follows the post; in most forums it starts with the author''s own up-vote. type: text, link (with link_url), image (with 1 to 20 own finished uploads) or poll (with 2 to 20 different options; poll_multiple_choice; poll_closes_at within 90 days). content_format: markdown, bbcode or plain. key: send the same again after a lost answer and get the same post. Refuses: forum.unknown, forum.banned, forum.class_too_low; parts that do not fit the type (post.type_mismatch), post.link_invalid, post.upload_unusable, post.poll_invalid; category.unknown, flair.unknown, flair.moderators_only; a new account that posts too fast (post.too_soon, with the seconds to wait). Limits: title 300, content 40,000, an option 200 characters. About ten single-row writes; posts to one forum queue up for its counters at the end.';

revoke all on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) from public;
grant execute on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) to stoa_member;

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
  E'@name forum_feed\n@simpleCollections only\nOne page of a forum''s posts: sort is hot, new, top or active; window limits top to posts of that age. first: 1 to 50 posts. after: the place of the last post of the page before, written hotRank:id, id (new), score:id or lastActivityAt:id. Pinned posts are among the others. Runs with the rights of the caller; a forum that they may not read is empty. Reads about as many index entries as it returns rows, at any depth; top with a window sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

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
  E'@simpleCollections only\nOne page of the posts of the forums that the caller follows: sort is hot, new, top or active; first and after as in forumFeed. Takes one page from the index of each followed forum and merges them: its cost grows with the number of followed forums, not with their size. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.home_feed(text, text, integer) from public;
grant execute on function forums.home_feed(text, text, integer) to stoa_member;

-- Object: forums/functions/vote_comment.sql
create or replace function forums.vote_comment(
  p_comment_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  comment forums.comments;
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  select * into post from forums.posts as candidate where candidate.id = comment.post_id;
  perform forums.readable_forum(post.forum_id, 'comment.unknown');
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  if comment.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.comment_votes as vote
    where vote.comment_id = p_comment_id
      and vote.user_id = me;
  else
    insert into forums.comment_votes as existing (comment_id, user_id, direction)
    values (p_comment_id, me, p_direction)
    on conflict (comment_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_comment.score from forums.comments as voted where voted.id = p_comment_id;
  vote_comment.mine := p_direction;
end
$$;

comment on function forums.vote_comment(uuid, integer) is
  'Votes on a comment: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. Refuses vote.direction_invalid, comment.unknown, comment.deleted, post.deleted and forum.banned. One vote row and one update of the comment; votes on one comment queue up.';

revoke all on function forums.vote_comment(uuid, integer) from public;
grant execute on function forums.vote_comment(uuid, integer) to stoa_member;

-- Object: forums/functions/vote_poll.sql
create or replace function forums.vote_poll(p_post_id uuid, p_positions integer[])
returns setof forums.poll_options
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  chosen constant integer[] := coalesce(p_positions, '{}');
  poll forums.polls;
begin
  perform forums.live_post(p_post_id);
  -- One ballot after the other: of two at once by one person, the second replaces the first.
  select * into poll from forums.polls as candidate where candidate.post_id = p_post_id for no key update;
  if not found then
    perform core.fail('poll.unknown');
  end if;
  if poll.closes_at <= now() then
    perform core.fail('poll.closed');
  end if;
  if (not poll.multiple_choice and cardinality(chosen) > 1)
    or cardinality(chosen) <> (
      select count(*)
      from forums.poll_options as option
      where option.post_id = p_post_id
        and option.position = any (chosen)
    )
  then
    perform core.fail('poll.choice_invalid');
  end if;

  delete from forums.poll_votes as vote
  where vote.post_id = p_post_id
    and vote.user_id = me
    and vote.position <> all (chosen);
  insert into forums.poll_votes (post_id, user_id, position)
  select p_post_id, me, choice.position
  from unnest(chosen) as choice (position)
  on conflict (post_id, user_id, position) do nothing;

  return query
    select option.*
    from forums.poll_options as option
    where option.post_id = p_post_id
    order by option.position;
end
$$;

comment on function forums.vote_poll(uuid, integer[]) is
  'Casts, changes or (with no positions) withdraws the caller''s ballot in a poll, and returns the options with their counts. Refuses post.unknown, forum.banned, a post without a poll (poll.unknown), a closed poll (poll.closed), positions that do not exist or occur twice, and several where one is allowed (poll.choice_invalid). Ballots of one poll queue up.';

revoke all on function forums.vote_poll(uuid, integer[]) from public;
grant execute on function forums.vote_poll(uuid, integer[]) to stoa_member;

-- Object: forums/functions/vote_post.sql
create or replace function forums.vote_post(
  p_post_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  -- The post before its votes, as everywhere: a purge of the post and a vote on it cannot wait for each other.
  post := forums.locked_post(p_post_id);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.post_votes as vote
    where vote.post_id = p_post_id
      and vote.user_id = me;
  else
    insert into forums.post_votes as existing (post_id, user_id, direction)
    values (p_post_id, me, p_direction)
    on conflict (post_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_post.score from forums.posts as voted where voted.id = p_post_id;
  vote_post.mine := p_direction;
end
$$;

comment on function forums.vote_post(uuid, integer) is
  'Votes on a post: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. A locked post can be voted on. Refuses vote.direction_invalid, post.unknown, post.deleted and forum.banned. One vote row and one update of the post; votes on one post queue up.';

revoke all on function forums.vote_post(uuid, integer) from public;
grant execute on function forums.vote_post(uuid, integer) to stoa_member;

-- End of objects
