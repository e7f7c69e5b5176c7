create or replace function tracker.reorder_items(p_collection_id uuid, p_torrent_ids uuid[])
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  collection tracker.collections;
begin
  collection := tracker.fillable_collection(p_collection_id);
  if array(select distinct sent.id from unnest(p_torrent_ids) as sent (id) order by 1)
      is distinct from array(
        select held.torrent_id from tracker.collection_items as held where held.collection_id = p_collection_id order by 1
      )
    or cardinality(p_torrent_ids) <> collection.item_count
  then
    perform core.fail('collection.order_invalid');
  end if;
  update tracker.collection_items as held
  set position = sent.place - 1
  from unnest(p_torrent_ids) with ordinality as sent (id, place)
  where held.collection_id = p_collection_id
    and held.torrent_id = sent.id
    and held.position <> sent.place - 1;
  return collection;
end
$$;

comment on function tracker.reorder_items(uuid, uuid[]) is
  E'@name reorder_collection_items\nPuts the torrents of a collection into this order: all of them, each once (collection.order_invalid). The owner, of a collage every member. Refuses collection.unknown, collection.not_owner and collection.locked.';

revoke all on function tracker.reorder_items(uuid, uuid[]) from public;
grant execute on function tracker.reorder_items(uuid, uuid[]) to stoa_member;
