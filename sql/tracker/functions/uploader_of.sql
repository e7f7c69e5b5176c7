create or replace function tracker.uploader_of(p_torrent_id uuid)
returns uuid
language plpgsql
stable
-- Says who asked not to be named; for staff alone.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return (tracker.visible_torrent(p_torrent_id)).uploader_id;
end
$$;

comment on function tracker.uploader_of(uuid) is
  E'@name torrent_uploader_id\nModerators only: the account that uploaded a torrent, also where it asked not to be named. Refuses torrent.unknown.';

revoke all on function tracker.uploader_of(uuid) from public;
grant execute on function tracker.uploader_of(uuid) to stoa_moderator;
