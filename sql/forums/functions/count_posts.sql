create or replace function forums.count_posts()
returns trigger
language plpgsql
-- Fires for whoever writes a post; the counters are nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform
  from forums.forums as forum
  where forum.id in (select changed.forum_id from changed)
  order by forum.id
  for no key update;

  if tg_op = 'INSERT' then
    update forums.forums as forum
    set post_count = forum.post_count + counted.amount,
        last_post_id = greatest(forum.last_post_id, counted.newest_id),
        last_post_at = case
          when forum.last_post_id is null or counted.newest_id > forum.last_post_id then counted.newest_at
          else forum.last_post_at
        end
    from (
      select
        changed.forum_id,
        count(*)::integer as amount,
        (array_agg(changed.id order by changed.id desc))[1] as newest_id,
        (array_agg(changed.inserted_at order by changed.id desc))[1] as newest_at
      from changed
      where changed.deleted_at is null
      group by changed.forum_id
    ) as counted
    where forum.id = counted.forum_id;
  else
    update forums.forums as forum
    set post_count = forum.post_count - counted.amount
    from (
      select changed.forum_id, count(*)::integer as amount
      from changed
      where changed.deleted_at is null
      group by changed.forum_id
    ) as counted
    where forum.id = counted.forum_id;
  end if;
  return null;
end
$$;

comment on function forums.count_posts() is
  'Trigger. Keeps post_count and the last post of a forum when posts are added or removed for good: one update a forum and statement, forums locked in the order of their keys.';

revoke all on function forums.count_posts() from public;
