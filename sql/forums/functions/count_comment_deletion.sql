create or replace function forums.count_comment_deletion()
returns trigger
language plpgsql
-- Fires for whoever deletes a comment; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case when new.deleted_at is null then 1 else -1 end;
  newest record;
begin
  perform from forums.posts as post where post.id = new.post_id for no key update;

  -- Looked up after the lock: a comment that was added meanwhile is seen.
  select comment.id, comment.inserted_at into newest
  from forums.comments as comment
  where comment.post_id = new.post_id
    and comment.deleted_at is null
  order by comment.id desc
  limit 1;

  update forums.posts as post
  set comment_count = post.comment_count + step,
      last_comment_id = newest.id,
      last_comment_at = newest.inserted_at,
      last_activity_at = greatest(post.inserted_at, newest.inserted_at)
  where post.id = new.post_id;

  if new.parent_id is not null then
    update forums.comments as parent
    set reply_count = parent.reply_count + step
    where parent.id = new.parent_id;
  end if;
  return null;
end
$$;

comment on function forums.count_comment_deletion() is
  'Trigger. Keeps comment_count, the last comment and the last activity of the post, and reply_count of the parent, when a comment is deleted or restored.';

revoke all on function forums.count_comment_deletion() from public;
