create or replace function tracker.snapshot_peers(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  moment constant timestamptz := date_bin('30 minutes', p_now, '2000-01-01 00:00:00+00');
  written integer;
begin
  insert into tracker.peer_history (
    observed_at, torrent_id, user_id, peer_id, uploaded, downloaded, left_bytes, is_seeder
  )
  select
    moment, session.torrent_id, session.user_id, session.peer_id, session.uploaded, session.downloaded,
    session.left_bytes, session.is_seeder
  from tracker.peers as session
  where session.last_announce_at > p_now - tracker.stale_after()
  on conflict (torrent_id, user_id, peer_id, observed_at) do nothing;
  get diagnostics written = row_count;
  return written;
end
$$;

comment on function tracker.snapshot_peers(timestamptz) is
  'For the worker, every half hour: writes the swarms as they are into tracker.peer_history and returns how many rows. The time is that of the half hour, so that a second run of it adds only what it lacks.';

revoke all on function tracker.snapshot_peers(timestamptz) from public;
grant execute on function tracker.snapshot_peers(timestamptz) to stoa_worker;
