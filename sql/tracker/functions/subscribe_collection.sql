create or replace function tracker.subscribe_collection(p_collection_id uuid)
returns tracker.collection_subscriptions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription tracker.collection_subscriptions;
begin
  perform tracker.locked_collection(p_collection_id);
  insert into tracker.collection_subscriptions as existing (user_id, collection_id)
  values (me, p_collection_id)
  on conflict (user_id, collection_id) do update
  set last_seen_at = now()
  returning * into subscription;
  return subscription;
end
$$;

comment on function tracker.subscribe_collection(uuid) is
  'Follows a collection, or says that the caller has seen what is new in it. Refuses collection.unknown.';

revoke all on function tracker.subscribe_collection(uuid) from public;
grant execute on function tracker.subscribe_collection(uuid) to stoa_member;
