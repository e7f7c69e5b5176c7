create or replace function tracker.visible_collection(p_collection_id uuid)
returns tracker.collections
language plpgsql
stable
set search_path = ''
as $$
declare
  collection tracker.collections;
begin
  select * into collection from tracker.collections as candidate where candidate.id = p_collection_id;
  if not found
    or collection.deleted_at is not null
    or not (
      collection.is_public
      or core.current_role_rank() >= 2
      or collection.owner_id = core.current_user_id()
    )
  then
    perform core.fail('collection.unknown');
  end if;
  return collection;
end
$$;

comment on function tracker.visible_collection(uuid) is
  'Internal. A live collection that the caller may read. Refuses collection.unknown.';

revoke all on function tracker.visible_collection(uuid) from public;
