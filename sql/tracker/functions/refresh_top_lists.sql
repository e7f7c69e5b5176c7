create or replace function tracker.refresh_top_lists()
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  placed integer;
begin
  delete from tracker.top_lists;
  insert into tracker.top_lists (list, place, user_id, value)
  select ranked.list, ranked.place, ranked.user_id, ranked.value
  from (
    select
      figure.list,
      figure.value,
      totals.user_id,
      row_number() over (partition by figure.list order by figure.value desc, totals.user_id) as place
    from tracker.user_statistics as totals
    join core.users as person
      on person.id = totals.user_id
     and person.is_active
     and person.deleted_at is null
     and person.erased_at is null
    cross join lateral (
      values
        ('uploaded', totals.uploaded::numeric),
        ('downloaded', totals.downloaded::numeric),
        -- A ratio says something once a gibibyte was downloaded.
        ('ratio', case when totals.downloaded >= 1073741824 then totals.ratio end),
        ('seedbonus', totals.seedbonus),
        ('seed_seconds', totals.seed_seconds::numeric),
        ('torrents_uploaded', totals.torrents_uploaded::numeric),
        ('torrents_snatched', totals.torrents_snatched::numeric),
        ('requests_filled', totals.requests_filled::numeric)
    ) as figure (list, value)
    where figure.value > 0
      and not exists (
        select
        from core.user_settings as settings
        where settings.user_id = totals.user_id
          and settings.paranoia_level >= 2
      )
  ) as ranked
  where ranked.place <= 100;
  get diagnostics placed = row_count;
  return placed;
end
$$;

comment on function tracker.refresh_top_lists() is
  'For the worker, nightly: makes the top lists anew, in one transaction, and returns how many places there are. People who keep their statistics to themselves (paranoia level 2 and more) have no place. Scans everybody''s totals once.';

revoke all on function tracker.refresh_top_lists() from public;
grant execute on function tracker.refresh_top_lists() to stoa_worker;
