create or replace function tracker.refresh_torrent_statistics(p_after uuid default null, p_limit integer default 5000)
returns table (refreshed integer, next_after uuid)
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  -- No "is null or": a plan for any place would read all that lies before it.
  above constant uuid := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
  due uuid[];
  held uuid[];
begin
  -- Torrents that have a swarm now, or had one at the last refresh.
  due := array(
    select touched.torrent_id
    from (
      (
        select distinct session.torrent_id
        from tracker.peers as session
        where session.torrent_id > above
        order by session.torrent_id
        limit p_limit
      )
      union
      (
        select figures.torrent_id
        from tracker.torrent_statistics as figures
        where (figures.seeders > 0 or figures.leechers > 0)
          and figures.torrent_id > above
        order by figures.torrent_id
        limit p_limit
      )
    ) as touched
    order by touched.torrent_id
    limit p_limit
  );

  -- Locked in order, then counted in a later statement. What an announce holds at the moment has its turn in a minute.
  held := array(
    select figures.torrent_id
    from tracker.torrent_statistics as figures
    where figures.torrent_id = any (due)
    order by figures.torrent_id
    for no key update skip locked
  );
  update tracker.torrent_statistics as figures
  set seeders = counted.seeders,
      leechers = counted.leechers,
      last_announce_at = greatest(figures.last_announce_at, counted.last_announce_at),
      last_seeded_at = greatest(figures.last_seeded_at, counted.last_seeded_at),
      updated_at = now()
  from (
    select
      listed.torrent_id,
      (count(session.peer_id) filter (where session.is_seeder))::integer as seeders,
      (count(session.peer_id) filter (where not session.is_seeder))::integer as leechers,
      max(session.last_announce_at) as last_announce_at,
      max(session.last_announce_at) filter (where session.is_seeder) as last_seeded_at
    from unnest(held) as listed (torrent_id)
    left join tracker.peers as session on session.torrent_id = listed.torrent_id
    group by listed.torrent_id
  ) as counted
  where figures.torrent_id = counted.torrent_id
    -- Most swarms stand still from one minute to the next: their times need not be exact to the minute.
    and (
      figures.seeders <> counted.seeders
      or figures.leechers <> counted.leechers
      or counted.last_announce_at > coalesce(figures.last_announce_at + interval '10 minutes', '-infinity')
    );
  get diagnostics refreshed = row_count;
  next_after := case when cardinality(due) = p_limit then due[p_limit] end;
  return next;
end
$$;

comment on function tracker.refresh_torrent_statistics(uuid, integer) is
  'For the worker, every minute: counts the peers of a batch of torrents anew, those that have a swarm or had one, and writes what changed. Returns how many rows it wrote and after which torrent the next batch starts; null there means that the pass is complete. Absolute figures: whatever was lost, an empty table of peers too, is right again after a pass. Waits for no announce.';

revoke all on function tracker.refresh_torrent_statistics(uuid, integer) from public;
grant execute on function tracker.refresh_torrent_statistics(uuid, integer) to stoa_worker;
