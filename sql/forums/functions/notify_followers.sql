create or replace function forums.notify_followers(p_post_id uuid default null, p_comment_id uuid default null)
returns integer
language plpgsql
volatile
-- Reads who follows, which is nobody's business, and rings their bells.
security definer
set search_path = ''
as $$
declare
  comment forums.comments;
  post forums.posts;
  forum forums.forums;
  actor_name text;
  parent_author uuid;
  follower record;
  told integer := 0;
begin
  if p_comment_id is not null then
    select * into comment from forums.comments as candidate
    where candidate.id = p_comment_id and candidate.deleted_at is null;
    if not found then
      return 0;
    end if;
    select candidate.author_id into parent_author from forums.comments as candidate where candidate.id = comment.parent_id;
  end if;
  select * into post from forums.posts as candidate
  where candidate.id = coalesce(comment.post_id, p_post_id) and candidate.deleted_at is null;
  if not found then
    return 0;
  end if;
  select * into forum from forums.forums as candidate where candidate.id = post.forum_id and candidate.deleted_at is null;
  if not found then
    return 0;
  end if;
  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = case when p_comment_id is null then post.author_id else comment.author_id end;

  for follower in
    select subscription.user_id
    from forums.post_subscriptions as subscription
    where p_comment_id is not null
      and subscription.post_id = post.id
      and subscription.notify
    union
    select subscription.user_id
    from forums.subscriptions as subscription
    where subscription.forum_id = forum.id
      and subscription.notification_level = any (
        case when p_comment_id is null then array['posts', 'all'] else array['all'] end
      )
    order by user_id
  loop
    -- These two were told when the comment was written; authors are not told of what they wrote.
    continue when p_comment_id is not null and follower.user_id in (post.author_id, parent_author);
    continue when forums.is_banned(forum.id, follower.user_id);
    if p_comment_id is null then
      if notifications.notify(
        follower.user_id, 'forum_post', actor_name || ' posted in ' || forum.name || ': ' || post.title, null,
        jsonb_build_object('forum_id', forum.id, 'post_id', post.id),
        post.author_id, 'forum:' || forum.id || ':posts'
      ) is not null then
        told := told + 1;
      end if;
    elsif notifications.notify(
      follower.user_id, 'forum_comment', actor_name || ' commented on ' || post.title, left(comment.content, 200),
      jsonb_build_object('forum_id', forum.id, 'post_id', post.id, 'comment_id', comment.id),
      comment.author_id, 'post:' || post.id || ':comments'
    ) is not null then
      told := told + 1;
    end if;
  end loop;
  return told;
end
$$;

comment on function forums.notify_followers(uuid, uuid) is
  'For the worker: rings the bells of those who follow the forum of a new post, or the post (and, at level "all", the forum) of a new comment. Collected per post and forum while unread; authors of the post and of the parent comment were told at once and are left out, so are people banned from the forum. Returns how many were told. Runs apart from the writing, because a crowd of followers must not hold the lock on the post.';

revoke all on function forums.notify_followers(uuid, uuid) from public;
grant execute on function forums.notify_followers(uuid, uuid) to stoa_worker;
