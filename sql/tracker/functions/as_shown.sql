create or replace function tracker.as_shown(p_torrent tracker.torrents)
returns tracker.torrents
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_torrent.is_anonymous
    and core.current_role_rank() < 2
    and p_torrent.uploader_id is distinct from core.current_user_id()
  then
    p_torrent.uploader_id := null;
  end if;
  return p_torrent;
end
$$;

comment on function tracker.as_shown(tracker.torrents) is
  'Internal. A torrent as the caller may see it: without its uploader where they asked not to be named, unless the caller is they, or staff. For procedures that read past the grants of columns.';

revoke all on function tracker.as_shown(tracker.torrents) from public;
