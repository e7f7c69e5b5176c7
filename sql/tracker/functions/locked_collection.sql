create or replace function tracker.locked_collection(p_collection_id uuid)
returns tracker.collections
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform from tracker.collections as candidate where candidate.id = p_collection_id for no key update;
  return tracker.visible_collection(p_collection_id);
end
$$;

comment on function tracker.locked_collection(uuid) is
  'Internal. A live collection that the caller may read, locked. Refuses collection.unknown.';

revoke all on function tracker.locked_collection(uuid) from public;
