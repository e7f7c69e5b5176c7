create or replace function tracker.locked_torrent(p_torrent_id uuid)
returns tracker.torrents
language plpgsql
volatile
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  select * into torrent from tracker.torrents as candidate where candidate.id = p_torrent_id for no key update;
  if not found
    or not (
      core.current_role_rank() >= 2
      or torrent.uploader_id = core.current_user_id()
      or torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null
    )
  then
    perform core.fail('torrent.unknown');
  end if;
  return torrent;
end
$$;

comment on function tracker.locked_torrent(uuid) is
  'Internal. A torrent that the caller may read, locked: two decisions about one torrent queue up here. Refuses torrent.unknown.';

revoke all on function tracker.locked_torrent(uuid) from public;
