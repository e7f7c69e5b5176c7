create or replace function tracker.check_category_nesting()
returns trigger
language plpgsql
-- Fires for whoever changes the tree.
security definer
set search_path = ''
as $$
declare
  deepest constant integer := 4;
  levels_above integer;
  levels_below integer;
begin
  if new.parent_id is null then
    return new;
  end if;

  perform tracker.lock_category_tree();

  with recursive above (id, parent_id, level) as (
    select category.id, category.parent_id, 1
    from tracker.categories as category
    where category.id = new.parent_id
    union all
    select category.id, category.parent_id, above.level + 1
    from above
    join tracker.categories as category on category.id = above.parent_id
    where above.level <= deepest and above.id <> new.id
  )
  select case when bool_or(above.id = new.id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select new.id, 1
    union all
    select category.id, below.level + 1
    from below
    join tracker.categories as category on category.parent_id = below.id
    where below.level <= deepest
  )
  select max(below.level) into levels_below from below;

  if coalesce(levels_above, 0) + levels_below > deepest then
    perform core.fail('torrent_category.too_deep');
  end if;
  return new;
end
$$;

comment on function tracker.check_category_nesting() is
  'Trigger. Categories nest at most four levels deep and never in a circle; refuses others (torrent_category.too_deep). Moves in the tree wait for one another.';

revoke all on function tracker.check_category_nesting() from public;
