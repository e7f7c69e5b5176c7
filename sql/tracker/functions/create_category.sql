create or replace function tracker.create_category(
  p_name text,
  p_slug text,
  p_parent_id integer default null,
  p_position integer default 0,
  p_icon_url text default null,
  p_metadata_provider text default null
)
returns tracker.categories
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  category tracker.categories;
begin
  perform core.require_role('admin');
  perform tracker.check_category(p_slug, p_icon_url, p_metadata_provider);
  if p_parent_id is not null then
    perform tracker.lock_category_tree();
    perform from tracker.categories as parent where parent.id = p_parent_id for no key update;
    if not found then
      perform core.fail('torrent_category.unknown');
    end if;
  end if;

  begin
    insert into tracker.categories (name, slug, parent_id, position, icon_url, metadata_provider)
    values (core.clean_text(p_name, 100), p_slug, p_parent_id, coalesce(p_position, 0), p_icon_url, p_metadata_provider)
    returning * into category;
  exception
    when unique_violation then perform core.fail('torrent_category.slug_taken');
  end;
  perform audit.record(
    'create_category', 'tracker.categories', null, null, to_jsonb(category),
    p_resource_key => jsonb_build_object('id', category.id)
  );
  return category;
end
$$;

comment on function tracker.create_category(text, text, integer, integer, text, text) is
  E'@name create_torrent_category\nAdministrators only: adds a category, under another one or at the top. Refuses a parent that is not there (torrent_category.unknown), more than four levels (torrent_category.too_deep), an address that is taken (torrent_category.slug_taken) or malformed, an icon that is no web address, and a catalogue that is not known (input.malformed). A category with others under it takes no more uploads. Audited.';

revoke all on function tracker.create_category(text, text, integer, integer, text, text) from public;
grant execute on function tracker.create_category(text, text, integer, integer, text, text) to stoa_admin;
