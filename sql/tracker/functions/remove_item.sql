create or replace function tracker.remove_item(p_collection_id uuid, p_torrent_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
  item tracker.collection_items;
begin
  collection := tracker.fillable_collection(p_collection_id);
  select * into item
  from tracker.collection_items as held
  where held.collection_id = p_collection_id and held.torrent_id = p_torrent_id;
  if not found then
    return false;
  end if;
  if collection.owner_id is distinct from me and item.added_by is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;
  delete from tracker.collection_items as held
  where held.collection_id = p_collection_id and held.torrent_id = p_torrent_id;
  return true;
end
$$;

comment on function tracker.remove_item(uuid, uuid) is
  E'@name remove_collection_item\nTakes a torrent out of a collection; tells whether it was in it. The owner, moderators, and in a collage who put it in (collection.not_owner). Refuses collection.unknown and collection.locked.';

revoke all on function tracker.remove_item(uuid, uuid) from public;
grant execute on function tracker.remove_item(uuid, uuid) to stoa_member;
