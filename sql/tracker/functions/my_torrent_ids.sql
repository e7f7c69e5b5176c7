create or replace function tracker.my_torrent_ids()
returns setof uuid
language plpgsql
stable
rows 100
-- The column with the uploader is granted to staff alone.
security definer
set search_path = ''
as $$
begin
  return query
    select torrent.id from tracker.torrents as torrent where torrent.uploader_id = core.current_user_id();
end
$$;

comment on function tracker.my_torrent_ids() is
  E'@behavior -*\nInternal. The torrents that the caller uploaded. For policies.';

revoke all on function tracker.my_torrent_ids() from public;
grant execute on function tracker.my_torrent_ids() to stoa_member;
