create or replace function tracker.fillable_collection(p_collection_id uuid)
returns tracker.collections
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
begin
  perform core.require_unrestricted('tracker');
  collection := tracker.locked_collection(p_collection_id);
  if collection.kind = 'playlist' and collection.owner_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;
  if collection.is_locked then
    perform core.fail('collection.locked');
  end if;
  return collection;
end
$$;

comment on function tracker.fillable_collection(uuid) is
  'Internal. A collection whose items the caller may change, locked: a playlist of their own, or a collage; staff any. Refuses collection.unknown, collection.not_owner and collection.locked.';

revoke all on function tracker.fillable_collection(uuid) from public;
