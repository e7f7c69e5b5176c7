create or replace function tracker.unsubscribe_collection(p_collection_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  -- The collection first, whose counter follows; one that is hidden or deleted can be left too.
  perform from tracker.collections as collection where collection.id = p_collection_id for no key update;
  delete from tracker.collection_subscriptions as held
  where held.user_id = me and held.collection_id = p_collection_id;
  return found;
end
$$;

comment on function tracker.unsubscribe_collection(uuid) is
  'Follows a collection no more; tells whether the caller did.';

revoke all on function tracker.unsubscribe_collection(uuid) from public;
grant execute on function tracker.unsubscribe_collection(uuid) to stoa_member;
