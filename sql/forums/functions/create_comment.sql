create or replace function forums.create_comment(
  p_post_id uuid,
  p_content text,
  p_parent_id uuid default null,
  p_content_format text default 'markdown',
  p_key text default null
)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  deepest constant smallint := 50;
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_post_id, p_content, p_parent_id, p_content_format);
  earlier jsonb;
  comment_id uuid;
  post forums.posts;
  forum forums.forums;
  parent forums.comments;
  comment forums.comments;
  actor_name text;
begin
  earlier := core.recall('forums.create_comment', p_key, arguments);
  if earlier is not null then
    select * into comment from forums.comments as made where made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  perform core.clean_text(p_content, 10000);
  perform forums.clean_format(p_content_format);
  post := forums.locked_post(p_post_id);
  forum := forums.writable_forum(post.forum_id);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  if post.is_locked and forums.my_permissions(post.forum_id) = 0 then
    perform core.fail('post.locked');
  end if;
  if p_parent_id is not null then
    select * into parent
    from forums.comments as candidate
    where candidate.post_id = p_post_id and candidate.id = p_parent_id;
    if not found then
      perform core.fail('comment.unknown');
    end if;
    if parent.deleted_at is not null then
      perform core.fail('comment.deleted');
    end if;
  end if;

  -- The identifier is made under the lock of the post, so comments of one post commit in the order of their identifiers.
  comment_id := core.uuidv7();
  if comment_id <= post.last_comment_id then
    comment_id := core.uuidv7_floor(core.uuidv7_time(post.last_comment_id) + interval '1 millisecond');
  end if;

  if parent.id is not null and forum.layout = 'flat' then
    -- A bulletin board has one level; the parent only says who is told.
    null;
  elsif parent.depth = deepest then
    -- As deep as trees go: the answer stands beside the comment that it answers.
    parent.path := trim_array(parent.path, 1);
    parent.depth := parent.depth - 1;
  end if;
  insert into forums.comments (id, post_id, author_id, parent_id, depth, path, content, content_format)
  values (
    comment_id,
    p_post_id,
    me,
    case when parent.id is not null and forum.layout = 'threaded' then parent.path[cardinality(parent.path)] end,
    case when parent.id is not null and forum.layout = 'threaded' then parent.depth + 1 else 0 end,
    case when parent.id is not null and forum.layout = 'threaded' then parent.path || comment_id else array[comment_id] end,
    core.clean_text(p_content, 10000),
    p_content_format
  )
  returning * into comment;

  insert into forums.post_subscriptions (user_id, post_id)
  values (me, p_post_id)
  on conflict (user_id, post_id) do nothing;

  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = me;
  perform notifications.notify(
    told.user_id,
    told.type,
    actor_name || told.verb || post.title,
    left(comment.content, 200),
    jsonb_build_object('forum_id', post.forum_id, 'post_id', p_post_id, 'comment_id', comment_id),
    me,
    told.group_key
  )
  from (
    select distinct on (recipient.user_id) recipient.*
    from (
      values
        (parent.author_id, 'forum_reply', ' answered you on ', 'comment:' || p_parent_id || ':replies', 1),
        (post.author_id, 'forum_comment', ' commented on ', 'post:' || p_post_id || ':comments', 2)
    ) as recipient (user_id, type, verb, group_key, preference)
    where recipient.user_id <> me
    -- Several people are always locked in the order of their keys; who is both is told of the answer alone.
    order by recipient.user_id, recipient.preference
  ) as told
  where not forums.is_banned(post.forum_id, told.user_id);
  perform core.enqueue('notify_followers', json_build_object('commentId', comment_id));
  perform core.remember('forums.create_comment', p_key, arguments, jsonb_build_object('id', comment_id));
  return comment;
end
$$;

comment on function forums.create_comment(uuid, text, uuid, text, text) is
  'Comments on a post, or answers a comment of it (parent_id), and follows the post. At the deepest level (50) an answer stands beside the comment that it answers; on a flat board every comment is at the top level. The author of the parent and of the post are told at once, followers shortly after. key: send the same again after a lost answer and get the same comment. Refuses post.unknown, post.deleted, forum.banned, forum.class_too_low, a locked post (post.locked; moderators of the forum are exempt), a parent that is not there (comment.unknown) or deleted (comment.deleted). Limit: 10,000 characters. Comments on one post queue up and get ascending identifiers.';

revoke all on function forums.create_comment(uuid, text, uuid, text, text) from public;
grant execute on function forums.create_comment(uuid, text, uuid, text, text) to stoa_member;
