create or replace function core.evaluate_achievements()
returns integer
language plpgsql
volatile
-- Run by the worker over all accounts.
security definer
set search_path = ''
as $$
declare
  badge record;
  changed integer;
  total integer := 0;
begin
  for badge in
    select achievement.id, (achievement.criteria ->> 'threshold')::numeric as threshold, metric.query
    from core.achievements as achievement
    join core.user_metrics as metric on metric.name = achievement.criteria ->> 'metric'
    where achievement.is_active
      and jsonb_typeof(achievement.criteria -> 'threshold') = 'number'
    order by achievement.id
  loop
    execute format(
      $query$
        insert into core.user_achievements as held (user_id, achievement_id, progress, earned_at)
        select figure.user_id, $1, figure.value, case when figure.value >= $2 then now() end
        from (%s) as figure
        join core.users as account on account.id = figure.user_id and account.erased_at is null
        where figure.value > 0
        order by figure.user_id
        on conflict (user_id, achievement_id) do update
        set progress = excluded.progress,
            earned_at = coalesce(held.earned_at, excluded.earned_at)
        where held.progress is distinct from excluded.progress
           or (held.earned_at is null and excluded.earned_at is not null)
      $query$,
      badge.query
    )
    using badge.id, badge.threshold;

    get diagnostics changed = row_count;
    total := total + changed;
  end loop;

  return total;
end
$$;

comment on function core.evaluate_achievements() is
  'Worker: computes everybody''s progress toward each active achievement from its metric, anew and whole; a badge once earned stays. Writes only what changed and returns how many rows that was.';

revoke all on function core.evaluate_achievements() from public;
grant execute on function core.evaluate_achievements() to stoa_worker;
