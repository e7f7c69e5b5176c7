create or replace function forums.count_post_deletion()
returns trigger
language plpgsql
-- Fires for whoever deletes a post; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  newest record;
begin
  perform from forums.forums as forum where forum.id = new.forum_id for no key update;

  -- Looked up after the lock: a post that was added meanwhile is seen.
  select post.id, post.inserted_at into newest
  from forums.posts as post
  where post.forum_id = new.forum_id
    and post.deleted_at is null
  order by post.id desc
  limit 1;

  update forums.forums as forum
  set post_count = forum.post_count + case when new.deleted_at is null then 1 else -1 end,
      last_post_id = newest.id,
      last_post_at = newest.inserted_at
  where forum.id = new.forum_id;
  return null;
end
$$;

comment on function forums.count_post_deletion() is
  'Trigger. Keeps post_count and the last post of a forum when a post is deleted or restored.';

revoke all on function forums.count_post_deletion() from public;
