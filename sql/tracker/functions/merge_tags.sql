create or replace function tracker.merge_tags(p_from_id uuid, p_into_id uuid)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  found_tags integer;
  source tracker.tags;
  merged tracker.tags;
begin
  perform core.require_role('moderator');
  if p_from_id = p_into_id then
    perform core.fail('tag.unknown');
  end if;
  -- Wholly locked, in the order of identifiers: nobody votes on either, or puts either on a torrent, until this is done.
  select count(*) into found_tags
  from (
    select tag.id from tracker.tags as tag where tag.id in (p_from_id, p_into_id) order by tag.id for update
  ) as locked;
  if found_tags <> 2 then
    perform core.fail('tag.unknown');
  end if;
  select * into source from tracker.tags as tag where tag.id = p_from_id;

  insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by, inserted_at)
  select held.torrent_id, p_into_id, held.assigned_by, held.inserted_at
  from tracker.torrent_tag_assignments as held
  where held.tag_id = p_from_id
  order by held.torrent_id
  on conflict (torrent_id, tag_id) do nothing;
  insert into tracker.torrent_tag_votes (torrent_id, tag_id, user_id, value, inserted_at)
  select vote.torrent_id, p_into_id, vote.user_id, vote.value, vote.inserted_at
  from tracker.torrent_tag_votes as vote
  where vote.tag_id = p_from_id
  on conflict (torrent_id, tag_id, user_id) do nothing;
  delete from tracker.tags as tag where tag.id = p_from_id;
  perform audit.record('merge_tags', 'tracker.tags', p_into_id, to_jsonb(source));
  select * into merged from tracker.tags as tag where tag.id = p_into_id;
  return merged;
end
$$;

comment on function tracker.merge_tags(uuid, uuid) is
  E'@argument from_id Identifier of the Tag that goes.\n@argument into_id Identifier of the Tag that takes its place.\nModerators only: puts the tag into_id wherever the tag from_id is, carries the votes over (who voted on both keeps the vote on into_id), and deletes from_id. Refuses tag.unknown. Audited. Touches every torrent of the tag in one transaction.';

revoke all on function tracker.merge_tags(uuid, uuid) from public;
grant execute on function tracker.merge_tags(uuid, uuid) to stoa_moderator;
