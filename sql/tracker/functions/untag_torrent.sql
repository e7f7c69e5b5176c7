create or replace function tracker.untag_torrent(p_torrent_id uuid, p_tag_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  assignment tracker.torrent_tag_assignments;
begin
  perform core.require_unrestricted('tracker');
  torrent := tracker.locked_torrent(p_torrent_id);
  select * into assignment
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  if not found then
    return false;
  end if;
  if core.current_role_rank() < 2
    and torrent.uploader_id is distinct from me
    and (assignment.assigned_by is distinct from me or assignment.score > 0)
  then
    perform core.fail('tag.not_allowed');
  end if;

  perform from tracker.tags as tag where tag.id = p_tag_id for key share;
  delete from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  return true;
end
$$;

comment on function tracker.untag_torrent(uuid, uuid) is
  'Takes a tag off a torrent with the votes on it; tells whether it was there. The uploader, moderators, and who put it there while no more than they like it (tag.not_allowed). Refuses torrent.unknown.';

revoke all on function tracker.untag_torrent(uuid, uuid) from public;
grant execute on function tracker.untag_torrent(uuid, uuid) to stoa_member;
