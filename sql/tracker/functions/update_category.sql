create or replace function tracker.update_category(p_category_id integer, p_patch jsonb)
returns tracker.categories
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  before tracker.categories;
  after tracker.categories;
begin
  perform core.require_role('admin');
  perform core.check_patch(
    p_patch, array['name', 'slug', 'parent_id', 'position', 'icon_url', 'metadata_provider', 'is_active']
  );
  if coalesce(jsonb_typeof(p_patch -> 'parent_id') not in ('number', 'null'), false)
    or coalesce(jsonb_typeof(p_patch -> 'position') <> 'number', false)
    or coalesce(jsonb_typeof(p_patch -> 'is_active') <> 'boolean', false)
    or exists (
      select
      from jsonb_each_text(p_patch - 'is_active') as sent (name, value)
      where sent.name in ('parent_id', 'position') and sent.value !~ '^-?[0-9]{1,9}$'
    )
  then
    perform core.fail('input.malformed');
  end if;

  if p_patch ? 'parent_id' then
    -- Before any row: whoever holds a row and waits for the tree would be waited for by who holds the tree.
    perform tracker.lock_category_tree();
  end if;
  select * into before from tracker.categories as category where category.id = p_category_id for no key update;
  if not found then
    perform core.fail('torrent_category.unknown');
  end if;
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(core.patch_text(p_patch, 'name', null, 100), 100); end if;
  after.slug := core.patch_text(p_patch, 'slug', before.slug, 100);
  after.icon_url := core.patch_text(p_patch, 'icon_url', before.icon_url, 2000);
  after.metadata_provider := core.patch_text(p_patch, 'metadata_provider', before.metadata_provider, 20);
  perform tracker.check_category(after.slug, after.icon_url, after.metadata_provider);
  if p_patch ? 'parent_id' then after.parent_id := (p_patch ->> 'parent_id')::integer; end if;
  if p_patch ? 'position' then after.position := (p_patch ->> 'position')::integer; end if;
  if p_patch ? 'is_active' then after.is_active := (p_patch ->> 'is_active')::boolean; end if;
  if after.parent_id is distinct from before.parent_id and after.parent_id is not null then
    if after.parent_id = p_category_id then
      perform core.fail('torrent_category.too_deep');
    end if;
    perform from tracker.categories as parent where parent.id = after.parent_id;
    if not found then
      perform core.fail('torrent_category.unknown');
    end if;
  end if;

  begin
    update tracker.categories as target
    set name = after.name,
        slug = after.slug,
        parent_id = after.parent_id,
        position = after.position,
        icon_url = after.icon_url,
        metadata_provider = after.metadata_provider,
        is_active = after.is_active
    where target.id = p_category_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('torrent_category.slug_taken');
  end;
  perform audit.record(
    'update_category', 'tracker.categories', null, to_jsonb(before), to_jsonb(after),
    p_resource_key => jsonb_build_object('id', p_category_id)
  );
  return after;
end
$$;

comment on function tracker.update_category(integer, jsonb) is
  E'@name update_torrent_category\nAdministrators only: changes a category. The patch may name name, slug, parent_id (null = to the top), position, icon_url, metadata_provider and is_active; one that is not active takes no uploads and no requests, and keeps what it has. Refuses what create_torrent_category refuses, circles too. Audited.';

revoke all on function tracker.update_category(integer, jsonb) from public;
grant execute on function tracker.update_category(integer, jsonb) to stoa_admin;
