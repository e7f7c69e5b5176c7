create or replace function tracker.deactivate_torrent(p_torrent_id uuid, p_reason text)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return tracker.set_active(p_torrent_id, false, core.clean_text(p_reason, 1000));
end
$$;

comment on function tracker.deactivate_torrent(uuid, text) is
  'Moderators only: takes a torrent off the list and refuses its announces, without deleting it; its uploader is told why. Refuses torrent.unknown, torrent.deleted and no reason (input.empty). Audited.';

revoke all on function tracker.deactivate_torrent(uuid, text) from public;
grant execute on function tracker.deactivate_torrent(uuid, text) to stoa_moderator;
