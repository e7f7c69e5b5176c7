create or replace function tracker.open_category(p_category_id integer, p_is_leaf boolean)
returns tracker.categories
language plpgsql
volatile
set search_path = ''
as $$
declare
  category tracker.categories;
begin
  -- Held until the row that refers to it is there: nobody puts a category under it meanwhile.
  select * into category from tracker.categories as candidate where candidate.id = p_category_id for key share;
  if not found then
    perform core.fail('torrent_category.unknown');
  end if;
  if not category.is_active
    or p_is_leaf and exists (select from tracker.categories as child where child.parent_id = p_category_id and child.is_active)
  then
    perform core.fail('torrent_category.closed');
  end if;
  return category;
end
$$;

comment on function tracker.open_category(integer, boolean) is
  'Internal. A category that takes something new; with p_is_leaf one with no active category under it. Refuses torrent_category.unknown and torrent_category.closed.';

revoke all on function tracker.open_category(integer, boolean) from public;
