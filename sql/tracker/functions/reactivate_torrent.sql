create or replace function tracker.reactivate_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return tracker.set_active(p_torrent_id, true, core.clean_text(p_reason, 1000, false));
end
$$;

comment on function tracker.reactivate_torrent(uuid, text) is
  'Moderators only: lists a torrent again that was taken off the list. Refuses torrent.unknown and torrent.deleted. Audited.';

revoke all on function tracker.reactivate_torrent(uuid, text) from public;
grant execute on function tracker.reactivate_torrent(uuid, text) to stoa_moderator;
