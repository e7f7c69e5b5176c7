create or replace function tracker.record_view(p_torrent_id uuid)
returns void
language plpgsql
volatile
-- Nobody has a right to update statistics.
security definer
set search_path = ''
as $$
begin
  perform core.require_member();
  perform tracker.visible_torrent(p_torrent_id);
  update tracker.torrent_statistics as statistics
  set view_count = statistics.view_count + 1
  where statistics.torrent_id = p_torrent_id;
end
$$;

comment on function tracker.record_view(uuid) is
  E'@name record_torrent_view\nCounts one view of the page of a torrent. Whoever calls it decides how often one reader counts. One update of a small row. Refuses torrent.unknown.';

revoke all on function tracker.record_view(uuid) from public;
grant execute on function tracker.record_view(uuid) to stoa_member;
