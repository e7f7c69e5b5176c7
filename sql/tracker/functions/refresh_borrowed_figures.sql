create or replace function tracker.refresh_borrowed_figures()
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  changed integer;
begin
  execute format(
    $query$
      with figures as (
        select totals.user_id, coalesce(posts.value, 0)::integer + coalesce(comments.value, 0)::integer as forum_post_count,
          coalesce(warnings.value, 0)::integer as warning_points
        from tracker.user_statistics as totals
        left join (%s) as posts on posts.user_id = totals.user_id
        left join (%s) as comments on comments.user_id = totals.user_id
        left join (%s) as warnings on warnings.user_id = totals.user_id
      ),
      held as (
        select totals.user_id, figures.forum_post_count, figures.warning_points
        from tracker.user_statistics as totals
        join figures on figures.user_id = totals.user_id
        where totals.forum_post_count <> figures.forum_post_count
           or totals.warning_points <> figures.warning_points
        order by totals.user_id
        for no key update of totals
      )
      update tracker.user_statistics as totals
      set forum_post_count = held.forum_post_count,
          warning_points = held.warning_points
      from held
      where totals.user_id = held.user_id
    $query$,
    core.metric_query('forum_posts'),
    core.metric_query('forum_comments'),
    core.metric_query('warning_points')
  );
  get diagnostics changed = row_count;
  return changed;
end
$$;

comment on function tracker.refresh_borrowed_figures() is
  'For the worker, nightly: writes posts in the forums and points of warnings into the totals, from the metrics of those modules (none where a module is left out), and returns how many rows changed.';

revoke all on function tracker.refresh_borrowed_figures() from public;
grant execute on function tracker.refresh_borrowed_figures() to stoa_worker;
