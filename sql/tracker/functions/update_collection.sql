create or replace function tracker.update_collection(p_collection_id uuid, p_patch jsonb)
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before tracker.collections;
  after tracker.collections;
begin
  perform core.require_unrestricted('tracker');
  perform core.check_patch(p_patch, array['name', 'description', 'is_public', 'is_locked']);
  if coalesce(jsonb_typeof(p_patch -> 'is_public') <> 'boolean', false)
    or coalesce(jsonb_typeof(p_patch -> 'is_locked') <> 'boolean', false)
  then
    perform core.fail('input.malformed');
  end if;
  before := tracker.locked_collection(p_collection_id);
  if before.owner_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;

  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(core.patch_text(p_patch, 'name', null, 200), 200); end if;
  after.description := coalesce(core.patch_text(p_patch, 'description', before.description, 20000), '');
  if p_patch ? 'is_public' then after.is_public := (p_patch ->> 'is_public')::boolean; end if;
  if p_patch ? 'is_locked' then after.is_locked := (p_patch ->> 'is_locked')::boolean; end if;
  if before.kind = 'collage' and not after.is_public then
    perform core.fail('collection.kind_invalid');
  end if;
  update tracker.collections as target
  set name = after.name,
      description = after.description,
      is_public = after.is_public,
      is_locked = after.is_locked
  where target.id = p_collection_id
  returning * into after;
  if before.owner_id is distinct from me then
    perform audit.record(
      'update_collection', 'tracker.collections', p_collection_id,
      jsonb_build_object('name', before.name, 'description', before.description, 'is_locked', before.is_locked),
      jsonb_build_object('name', after.name, 'description', after.description, 'is_locked', after.is_locked)
    );
  end if;
  return after;
end
$$;

comment on function tracker.update_collection(uuid, jsonb) is
  'Changes a collection: its owner or a moderator (collection.not_owner). The patch may name name, description, is_public and is_locked; while it is locked nobody adds, removes or reorders. Refuses collection.unknown, and hiding a collage (collection.kind_invalid). What staff does is audited.';

revoke all on function tracker.update_collection(uuid, jsonb) from public;
grant execute on function tracker.update_collection(uuid, jsonb) to stoa_member;
