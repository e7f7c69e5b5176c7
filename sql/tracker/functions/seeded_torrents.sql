create or replace function tracker.seeded_torrents(p_conditions jsonb, p_now timestamptz)
returns table (user_id uuid, times bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
    select session.user_id, count(distinct session.torrent_id)
    from tracker.peers as session
    join tracker.torrents as torrent on torrent.id = session.torrent_id
    join tracker.torrent_statistics as figures on figures.torrent_id = session.torrent_id
    left join tracker.user_torrents as history
      on history.user_id = session.user_id
     and history.torrent_id = session.torrent_id
    where session.is_seeder
      and session.last_announce_at > p_now - tracker.stale_after()
      and torrent.moderation_status = 'approved'
      and torrent.is_active
      and torrent.deleted_at is null
      and figures.seeders >= coalesce((p_conditions ->> 'min_seeders')::integer, 0)
      and figures.seeders <= coalesce((p_conditions ->> 'max_seeders')::integer, 2147483647)
      and torrent.size_bytes >= coalesce((p_conditions ->> 'min_size_bytes')::bigint, 0)
      and torrent.inserted_at <= p_now - make_interval(days => coalesce((p_conditions ->> 'min_age_days')::integer, 0))
      and coalesce(history.seed_seconds, 0) >= coalesce((p_conditions ->> 'min_seed_seconds')::bigint, 0)
    group by session.user_id;
end
$$;

comment on function tracker.seeded_torrents(jsonb, timestamptz) is
  'Internal, for bonus rules: how many torrents each person seeds now that meet the conditions of a rule; several clients on one torrent count once. Scans the peers once.';

revoke all on function tracker.seeded_torrents(jsonb, timestamptz) from public;
