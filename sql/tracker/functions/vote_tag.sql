create or replace function tracker.vote_tag(
  p_torrent_id uuid,
  p_tag_id uuid,
  p_value integer,
  out score integer,
  out is_removed boolean
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
begin
  perform core.require_unrestricted('tracker');
  if p_value is null or p_value not in (-1, 0, 1) then
    perform core.fail('tag.vote_invalid');
  end if;
  perform tracker.visible_torrent(p_torrent_id);
  -- The tag before what hangs on it: a merge, which locks it wholly, comes before or after this vote.
  perform from tracker.tags as tag where tag.id = p_tag_id for key share;
  perform
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id
  for no key update;
  if not found then
    perform core.fail('tag.unknown');
  end if;

  if p_value = 0 then
    delete from tracker.torrent_tag_votes as vote
    where vote.torrent_id = p_torrent_id and vote.tag_id = p_tag_id and vote.user_id = me;
  else
    insert into tracker.torrent_tag_votes as existing (torrent_id, tag_id, user_id, value)
    values (p_torrent_id, p_tag_id, me, p_value)
    on conflict (torrent_id, tag_id, user_id) do update
    set value = excluded.value
    where existing.value <> excluded.value;
  end if;

  select held.score into vote_tag.score
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  vote_tag.is_removed := vote_tag.score <= core.setting_integer('tracker.tag_removal_score');
  if vote_tag.is_removed then
    delete from tracker.torrent_tag_assignments as held
    where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  end if;
end
$$;

comment on function tracker.vote_tag(uuid, uuid, integer) is
  E'@returns tag_tally\n@resultFieldName tally\n@column score Votes that it fits less votes that it does not.\n@column is_removed Whether the tag fell off the torrent by this vote.\nSays whether a tag fits a torrent: 1 it does, -1 it does not, 0 takes the vote back; the same again changes nothing. Returns the score, and whether the tag fell off, which it does at tracker.tag_removal_score. Refuses torrent.unknown, tag.unknown (also: not on this torrent) and tag.vote_invalid. Votes on one tag of one torrent queue up.';

revoke all on function tracker.vote_tag(uuid, uuid, integer) from public;
grant execute on function tracker.vote_tag(uuid, uuid, integer) to stoa_member;
