create or replace function tracker.sweep_peers(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  removed integer;
begin
  -- Never waits: a row that an announce holds is alive, or is looked at in five minutes.
  delete from tracker.peers as session
  using (
    select silent.torrent_id, silent.user_id, silent.peer_id
    from tracker.peers as silent
    join core.users as person on person.id = silent.user_id
    join tracker.torrents as torrent on torrent.id = silent.torrent_id
    where silent.last_announce_at < p_now - tracker.stale_after()
       or not person.is_active
       or person.deleted_at is not null
       or person.erased_at is not null
       or person.banned_until > p_now
       or torrent.moderation_status <> 'approved'
       or not torrent.is_active
       or torrent.deleted_at is not null
       or exists (
         select
         from core.user_restrictions as restriction
         where restriction.user_id = silent.user_id
           and restriction.activity = 'tracker'
           and restriction.until > p_now
       )
    for update of silent skip locked
  ) as gone
  where session.torrent_id = gone.torrent_id
    and session.user_id = gone.user_id
    and session.peer_id = gone.peer_id;
  get diagnostics removed = row_count;
  return removed;
end
$$;

comment on function tracker.sweep_peers(timestamptz) is
  'For the worker, every five minutes: removes peers that have been silent for two announce intervals and ten minutes, those of people who may not announce any more and those of torrents that are not offered any more, and returns how many. Scans the peers once; waits for nothing.';

revoke all on function tracker.sweep_peers(timestamptz) from public;
grant execute on function tracker.sweep_peers(timestamptz) to stoa_worker;
