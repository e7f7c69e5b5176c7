create or replace function tracker.my_torrents(p_after uuid default null, p_first integer default 25)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The column with the uploader is granted to staff alone; these are the caller's own.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  return query
    select torrent.*
    from tracker.torrents as torrent
    where torrent.uploader_id = me
      and torrent.id < coalesce(p_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by torrent.id desc
    limit tracker.page_size(p_first);
end
$$;

comment on function tracker.my_torrents(uuid, integer) is
  E'@simpleCollections only\nWhat the caller uploaded, in any state, the newest first. first: 1 to 50. after: the last torrent of the page before.';

revoke all on function tracker.my_torrents(uuid, integer) from public;
grant execute on function tracker.my_torrents(uuid, integer) to stoa_member;
