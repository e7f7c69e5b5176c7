create or replace function tracker.restore_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  why constant text := core.clean_text(p_reason, 1000, false);
  torrent tracker.torrents;
begin
  perform core.require_role('moderator');
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.deleted_at is null then
    perform core.fail('torrent.not_deleted');
  end if;

  update tracker.torrents as target
  set deleted_at = null
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'restored', why);
  if torrent.moderation_status = 'pending' then
    perform tracker.queue_approval(torrent);
  end if;
  perform audit.record('restore_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
  return torrent;
end
$$;

comment on function tracker.restore_torrent(uuid, text) is
  'Moderators only: brings a deleted torrent back as it was, within the 30 days before it is purged; what waited for approval waits again. Refuses torrent.unknown and torrent.not_deleted. Audited.';

revoke all on function tracker.restore_torrent(uuid, text) from public;
grant execute on function tracker.restore_torrent(uuid, text) to stoa_moderator;
