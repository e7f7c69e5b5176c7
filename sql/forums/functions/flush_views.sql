create or replace function forums.flush_views(p_limit integer default 100000)
returns bigint
language plpgsql
volatile
-- The worker has no grant on the posts; this is the one thing it does to them here.
security definer
set search_path = ''
as $$
declare
  post_ids uuid[];
  amounts integer[];
  folded bigint;
begin
  -- A second run at the same time has nothing to add and would wait for every post.
  if not pg_try_advisory_xact_lock(hashtextextended('forums.flush_views', 0)) then
    return 0;
  end if;

  with taken as (
    delete from forums.post_view_deltas as delta
    where delta.id in (
      select waiting.id
      from forums.post_view_deltas as waiting
      order by waiting.id
      limit p_limit
    )
    returning delta.post_id, delta.views
  ),
  summed as (
    select taken.post_id, sum(taken.views)::integer as views, count(*) as rows
    from taken
    group by taken.post_id
  )
  select array_agg(summed.post_id), array_agg(summed.views), coalesce(sum(summed.rows), 0)
  into post_ids, amounts, folded
  from summed;

  perform from forums.posts as post where post.id = any (post_ids) order by post.id for no key update;
  update forums.posts as post
  set view_count = post.view_count + viewed.amount
  from unnest(post_ids, amounts) as viewed (post_id, amount)
  where post.id = viewed.post_id;
  return folded;
end
$$;

comment on function forums.flush_views(integer) is
  'For the worker, every minute: folds waiting views into the posts, one update a post, posts locked in the order of their keys. Returns how many rows of the buffer it folded: as many as p_limit means there is more. Two runs at once: the second does nothing.';

revoke all on function forums.flush_views(integer) from public;
grant execute on function forums.flush_views(integer) to stoa_worker;
