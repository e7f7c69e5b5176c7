create or replace function tracker.approve(p_torrent tracker.torrents, p_reason text)
returns tracker.torrents
language plpgsql
volatile
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  update tracker.torrents as target
  set moderation_status = 'approved',
      approved_at = now()
  where target.id = p_torrent.id
  returning * into torrent;
  perform tracker.record_decision(
    torrent.id, 'approved', p_reason, jsonb_build_object('moderation_status', jsonb_build_array(p_torrent.moderation_status, 'approved'))
  );
  perform tracker.close_approval(torrent.id, 'approved', p_reason);
  perform tracker.reward(torrent.uploader_id, 'upload_approved', torrent.id);
  return torrent;
end
$$;

comment on function tracker.approve(tracker.torrents, text) is
  'Internal. Approves a torrent that is locked: status, history, queue, and the bonus of its uploader, once for a torrent.';

revoke all on function tracker.approve(tracker.torrents, text) from public;
