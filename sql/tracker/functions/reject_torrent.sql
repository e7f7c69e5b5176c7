create or replace function tracker.reject_torrent(p_torrent_id uuid, p_reason text)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000);
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.uploader_id = me then
    perform core.fail('torrent.own');
  end if;
  if torrent.deleted_at is not null or torrent.moderation_status <> 'pending' then
    perform core.fail('torrent.not_waiting');
  end if;

  update tracker.torrents as target
  set moderation_status = 'rejected'
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'rejected', why, '{"moderation_status": ["pending", "rejected"]}');
  perform tracker.close_approval(p_torrent_id, 'rejected', why);
  perform audit.record('reject_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
  perform notifications.notify(
    torrent.uploader_id, 'torrent_rejected', 'Your torrent was rejected: ' || torrent.name, why,
    jsonb_build_object('torrent_id', p_torrent_id)
  );
  return torrent;
end
$$;

comment on function tracker.reject_torrent(uuid, text) is
  'Moderators only: turns a torrent that waits down, for a reason that its uploader is told. It can be approved later. Refuses torrent.unknown, own uploads (torrent.own), what does not wait (torrent.not_waiting), and no reason (input.empty). Audited.';

revoke all on function tracker.reject_torrent(uuid, text) from public;
grant execute on function tracker.reject_torrent(uuid, text) to stoa_moderator;
