create or replace function tracker.add_item(p_collection_id uuid, p_torrent_id uuid, p_note text default null)
returns tracker.collection_items
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
  item tracker.collection_items;
begin
  -- Before the collection, as everything in this module locks: the row stays until the item refers to it.
  perform from tracker.torrents as candidate where candidate.id = p_torrent_id for key share;
  perform tracker.visible_torrent(p_torrent_id, true);
  collection := tracker.fillable_collection(p_collection_id);
  if collection.item_count >= core.setting_integer('tracker.items_per_collection') then
    perform core.fail('collection.full');
  end if;
  insert into tracker.collection_items (collection_id, torrent_id, position, added_by, note)
  select
    p_collection_id,
    p_torrent_id,
    coalesce((select max(last.position) + 1 from tracker.collection_items as last where last.collection_id = p_collection_id), 0),
    me,
    core.clean_text(p_note, 500, false)
  on conflict (collection_id, torrent_id) do nothing
  returning * into item;
  if item.torrent_id is null then
    perform core.fail('collection.duplicate');
  end if;
  return item;
end
$$;

comment on function tracker.add_item(uuid, uuid, text) is
  E'@name add_collection_item\nPuts a listed torrent at the end of a collection, with a remark if one is given: the owner, of a collage every member. Refuses torrent.unknown, collection.unknown, collection.not_owner, collection.locked, a torrent that is in it (collection.duplicate), and more than tracker.items_per_collection (collection.full). Additions to one collection queue up.';

revoke all on function tracker.add_item(uuid, uuid, text) from public;
grant execute on function tracker.add_item(uuid, uuid, text) to stoa_member;
