create or replace function tracker.delete_collection(p_collection_id uuid, p_reason text default null)
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  collection tracker.collections;
begin
  collection := tracker.locked_collection(p_collection_id);
  if collection.owner_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;
  update tracker.collections as target
  set deleted_at = now()
  where target.id = p_collection_id
  returning * into collection;
  if collection.owner_id is distinct from me then
    perform audit.record('delete_collection', 'tracker.collections', p_collection_id, p_reason => why);
    perform notifications.notify(
      collection.owner_id, 'moderation', 'Your collection was deleted: ' || collection.name, why,
      jsonb_build_object('collection_id', p_collection_id)
    );
  end if;
  return collection;
end
$$;

comment on function tracker.delete_collection(uuid, text) is
  'Deletes a collection; it is purged 30 days later, Its owner or a moderator (collection.not_owner). Refuses collection.unknown. What staff does is audited and told to the owner.';

revoke all on function tracker.delete_collection(uuid, text) from public;
grant execute on function tracker.delete_collection(uuid, text) to stoa_member;
