create or replace function tracker.delete_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  is_staff constant boolean := core.current_role_rank() >= 2;
  why constant text := core.clean_text(p_reason, 1000, is_staff);
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if not is_staff and (torrent.uploader_id is distinct from me or torrent.moderation_status = 'approved') then
    perform core.fail('torrent.not_allowed');
  end if;
  if torrent.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;

  update tracker.torrents as target
  set deleted_at = now()
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'deleted', why);
  perform tracker.close_approval(p_torrent_id, 'rejected', why);
  if torrent.uploader_id is distinct from me then
    perform audit.record('delete_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
    perform notifications.notify(
      torrent.uploader_id, 'moderation', 'Your torrent was deleted: ' || torrent.name, why,
      jsonb_build_object('torrent_id', p_torrent_id)
    );
  end if;
  return torrent;
end
$$;

comment on function tracker.delete_torrent(uuid, text) is
  'Deletes a torrent; it is purged 30 days later, and until then its identity stays taken. Moderators any, for a reason (input.empty); its uploader while it is not approved (torrent.not_allowed): what the community seeds is the community''s. Refuses torrent.unknown and torrent.deleted. What staff does is audited and told to the uploader.';

revoke all on function tracker.delete_torrent(uuid, text) from public;
grant execute on function tracker.delete_torrent(uuid, text) to stoa_member;
