create or replace function forums.count_comments()
returns trigger
language plpgsql
-- Fires for whoever writes a comment; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from forums.posts as post
  where post.id in (select changed.post_id from changed)
  order by post.id
  for no key update;

  update forums.posts as post
  set comment_count = post.comment_count + step * counted.amount,
      last_comment_id = case when step = 1 then greatest(post.last_comment_id, counted.newest_id) else post.last_comment_id end,
      last_comment_at = case
        when step = 1 and (post.last_comment_id is null or counted.newest_id > post.last_comment_id) then counted.newest_at
        else post.last_comment_at
      end,
      last_activity_at = case
        when step = 1 then greatest(post.last_activity_at, counted.newest_at)
        else post.last_activity_at
      end
  from (
    select
      changed.post_id,
      count(*)::integer as amount,
      (array_agg(changed.id order by changed.id desc))[1] as newest_id,
      (array_agg(changed.inserted_at order by changed.id desc))[1] as newest_at
    from changed
    where changed.deleted_at is null
    group by changed.post_id
  ) as counted
  where post.id = counted.post_id;

  if exists (select from changed where changed.parent_id is not null) then
    perform
    from forums.comments as parent
    where parent.id in (select changed.parent_id from changed)
    order by parent.id
    for no key update;

    update forums.comments as parent
    set reply_count = parent.reply_count + step * counted.amount
    from (
      select changed.parent_id, count(*)::integer as amount
      from changed
      where changed.deleted_at is null
        and changed.parent_id is not null
      group by changed.parent_id
    ) as counted
    where parent.id = counted.parent_id;
  end if;
  return null;
end
$$;

comment on function forums.count_comments() is
  'Trigger. Keeps comment_count, the last comment and the last activity of posts, and reply_count of parents, when comments are added or removed for good: one update a row and statement, posts before comments, each in the order of their keys.';

revoke all on function forums.count_comments() from public;
