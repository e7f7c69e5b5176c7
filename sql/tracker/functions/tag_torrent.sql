create or replace function tracker.tag_torrent(p_torrent_id uuid, p_tag text)
returns tracker.torrent_tag_assignments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  wanted text;
  assignment tracker.torrent_tag_assignments;
begin
  perform core.require_member();
  perform core.require_unrestricted('tracker');
  wanted := tracker.clean_tag(p_tag);
  -- Locked, so that two people at once do not pass the limit of tags together.
  if (tracker.locked_torrent(p_torrent_id)).deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  perform tracker.put_tags(p_torrent_id, array[wanted]);
  select held.* into assignment
  from tracker.torrent_tag_assignments as held
  join tracker.tags as tag on tag.id = held.tag_id
  where held.torrent_id = p_torrent_id
    and tag.name = wanted;
  -- It may have been put there by an uploader who asked not to be named.
  if assignment.assigned_by is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    assignment.assigned_by := null;
  end if;
  return assignment;
end
$$;

comment on function tracker.tag_torrent(uuid, text) is
  E'@argument tag The name of the tag.\nPuts a tag on a torrent; one that is there stays as it is. The tag is made when it does not exist: lower-case letters, digits, dots and hyphens, at most 50; spaces become dots. Refuses torrent.unknown, torrent.deleted, tag.malformed, and more tags than tracker.tags_per_torrent (tag.too_many).';

revoke all on function tracker.tag_torrent(uuid, text) from public;
grant execute on function tracker.tag_torrent(uuid, text) to stoa_member;
