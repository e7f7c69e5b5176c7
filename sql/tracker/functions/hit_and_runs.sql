create or replace function tracker.hit_and_runs(p_user_id uuid default null)
returns setof tracker.user_torrents
language plpgsql
stable
rows 20
-- Moderators ask about everybody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  whom constant uuid := coalesce(p_user_id, me);
  wanted constant bigint := core.setting_integer('tracker.swarm.seed_hours') * 3600;
  grace constant interval := make_interval(days => core.setting_integer('tracker.swarm.seed_grace_days')::integer);
begin
  if whom <> me then
    perform core.require_role('moderator');
  end if;
  return query
    select history.*
    from tracker.user_torrents as history
    join tracker.torrents as torrent on torrent.id = history.torrent_id
    where history.user_id = whom
      and history.completed_at < now() - grace
      and history.seed_seconds < wanted
      and history.uploaded < torrent.size_bytes
      and torrent.uploader_id is distinct from whom
      and torrent.deleted_at is null
      -- Who seeds it now is making up for it.
      and not exists (
        select
        from tracker.peers as session
        where session.torrent_id = history.torrent_id
          and session.user_id = whom
          and session.is_seeder
      )
    order by history.completed_at, history.torrent_id;
end
$$;

comment on function tracker.hit_and_runs(uuid) is
  'Torrents that somebody completed and left: after the days of grace (setting tracker.swarm.seed_grace_days) they have seeded them for fewer hours than is due (tracker.swarm.seed_hours), have not uploaded as much as the torrent is large, and do not seed them now. Of the caller; of somebody else for moderators only (role.insufficient).';

revoke all on function tracker.hit_and_runs(uuid) from public;
grant execute on function tracker.hit_and_runs(uuid) to stoa_member;
