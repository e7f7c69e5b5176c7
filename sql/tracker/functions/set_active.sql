create or replace function tracker.set_active(p_torrent_id uuid, p_is_active boolean, p_reason text)
returns tracker.torrents
language plpgsql
volatile
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  if torrent.is_active = p_is_active then
    return torrent;
  end if;

  update tracker.torrents as target
  set is_active = p_is_active
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(
    p_torrent_id,
    case when p_is_active then 'reactivated' else 'deactivated' end,
    p_reason,
    jsonb_build_object('is_active', jsonb_build_array(not p_is_active, p_is_active))
  );
  perform audit.record(
    case when p_is_active then 'reactivate_torrent' else 'deactivate_torrent' end,
    'tracker.torrents', p_torrent_id, p_reason => p_reason
  );
  perform notifications.notify(
    torrent.uploader_id,
    'moderation',
    case when p_is_active then 'Your torrent is listed again: ' else 'Your torrent was taken off the list: ' end || torrent.name,
    p_reason,
    jsonb_build_object('torrent_id', p_torrent_id),
    core.current_user_id()
  );
  return torrent;
end
$$;

comment on function tracker.set_active(uuid, boolean, text) is
  'Internal. Lists and tracks a torrent, or stops that; tells the uploader. Refuses torrent.unknown and torrent.deleted. Audited.';

revoke all on function tracker.set_active(uuid, boolean, text) from public;
