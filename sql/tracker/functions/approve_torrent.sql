create or replace function tracker.approve_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000, false);
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.uploader_id = me then
    perform core.fail('torrent.own');
  end if;
  if torrent.deleted_at is not null or torrent.moderation_status = 'approved' then
    perform core.fail('torrent.not_waiting');
  end if;

  torrent := tracker.approve(torrent, why);
  perform audit.record('approve_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
  perform notifications.notify(
    torrent.uploader_id, 'torrent_approved', 'Your torrent was approved: ' || torrent.name, why,
    jsonb_build_object('torrent_id', p_torrent_id)
  );
  return torrent;
end
$$;

comment on function tracker.approve_torrent(uuid, text) is
  'Moderators only: lists a torrent that waits, or that was rejected before. Its uploader is told, and earns the bonus for an upload, once. Its entry in the queue of approvals is closed with it. Refuses torrent.unknown, own uploads (torrent.own), and what is approved or deleted (torrent.not_waiting). Audited. Two decisions at once: the second sees the first.';

revoke all on function tracker.approve_torrent(uuid, text) from public;
grant execute on function tracker.approve_torrent(uuid, text) to stoa_moderator;
