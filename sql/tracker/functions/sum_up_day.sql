create or replace function tracker.sum_up_day(p_day date)
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  day_start constant timestamptz := p_day::timestamp at time zone 'UTC';
  written integer;
begin
  insert into tracker.peer_history_daily as summed (
    user_id, torrent_id, day, seed_seconds, leech_seconds, uploaded, downloaded, snapshots
  )
  select
    observed.user_id,
    observed.torrent_id,
    p_day,
    least(count(*) filter (where observed.is_seeding) * 1800, 86400),
    least(count(*) filter (where not observed.is_seeding) * 1800, 86400),
    sum(observed.uploaded),
    sum(observed.downloaded),
    count(*)
  from (
    -- One row a snapshot: two clients at once are one person, who seeds when one of them does.
    select
      moved.user_id,
      moved.torrent_id,
      moved.observed_at,
      bool_or(moved.is_seeder) as is_seeding,
      sum(moved.uploaded)::bigint as uploaded,
      sum(moved.downloaded)::bigint as downloaded
    from (
      select
        snapshot.user_id,
        snapshot.torrent_id,
        snapshot.observed_at,
        snapshot.is_seeder,
        coalesce(greatest(snapshot.uploaded - lag(snapshot.uploaded) over session, 0), 0) as uploaded,
        coalesce(greatest(snapshot.downloaded - lag(snapshot.downloaded) over session, 0), 0) as downloaded
      from tracker.peer_history as snapshot
      -- The last snapshots of the day before are what the first of this day is compared with.
      where snapshot.observed_at >= day_start - interval '2 hours'
        and snapshot.observed_at < day_start + interval '1 day'
      window session as (
        partition by snapshot.user_id, snapshot.torrent_id, snapshot.peer_id
        order by snapshot.observed_at
      )
    ) as moved
    where moved.observed_at >= day_start
    group by moved.user_id, moved.torrent_id, moved.observed_at
  ) as observed
  join core.users as person on person.id = observed.user_id and person.erased_at is null
  join tracker.torrents as torrent on torrent.id = observed.torrent_id
  group by observed.user_id, observed.torrent_id
  order by observed.user_id, observed.torrent_id
  on conflict (user_id, torrent_id, day) do update
  set seed_seconds = excluded.seed_seconds,
      leech_seconds = excluded.leech_seconds,
      uploaded = excluded.uploaded,
      downloaded = excluded.downloaded,
      snapshots = excluded.snapshots;
  get diagnostics written = row_count;
  return written;
end
$$;

comment on function tracker.sum_up_day(date) is
  'For the worker: sums the snapshots of one day, in UTC, up into tracker.peer_history_daily, in absolute figures, and returns how many rows it wrote. What a session moved before its first snapshot is not in it. Reads one day of snapshots.';

revoke all on function tracker.sum_up_day(date) from public;
grant execute on function tracker.sum_up_day(date) to stoa_worker;
