create or replace function tracker.visible_torrent(p_torrent_id uuid, p_is_listed boolean default false)
returns tracker.torrents
language plpgsql
stable
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  select * into torrent from tracker.torrents as candidate where candidate.id = p_torrent_id;
  if not found
    or not (
      torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null
      or not p_is_listed and (core.current_role_rank() >= 2 or torrent.uploader_id = core.current_user_id())
    )
    or not tracker.catalogue_is_open()
  then
    perform core.fail('torrent.unknown');
  end if;
  return torrent;
end
$$;

comment on function tracker.visible_torrent(uuid, boolean) is
  'Internal. A torrent that the caller may read: the rule of its policies once more; with p_is_listed only one that is approved, active and not deleted. Refuses torrent.unknown.';

revoke all on function tracker.visible_torrent(uuid, boolean) from public;
