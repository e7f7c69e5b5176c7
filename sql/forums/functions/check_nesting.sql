create or replace function forums.check_nesting()
returns trigger
language plpgsql
-- Walks forums that the caller may not be allowed to read.
security definer
set search_path = ''
as $$
declare
  deepest constant integer := 5;
  levels_above integer;
  levels_below integer;
begin
  if new.parent_id is null then
    return new;
  end if;

  -- Two moves at once could close a circle that neither of them sees.
  perform pg_advisory_xact_lock(hashtextextended('forums.check_nesting', 0));

  with recursive above (id, parent_id, level) as (
    select forum.id, forum.parent_id, 1
    from forums.forums as forum
    where forum.id = new.parent_id
    union all
    select forum.id, forum.parent_id, above.level + 1
    from above
    join forums.forums as forum on forum.id = above.parent_id
    where above.level <= deepest and above.id <> new.id
  )
  select case when bool_or(above.id = new.id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select new.id, 1
    union all
    select forum.id, below.level + 1
    from below
    join forums.forums as forum on forum.parent_id = below.id
    where below.level <= deepest
  )
  select max(below.level) into levels_below from below;

  if coalesce(levels_above, 0) + levels_below > deepest then
    perform core.fail('forum.too_deep');
  end if;
  return new;
end
$$;

comment on function forums.check_nesting() is
  'Trigger. Forums nest at most five levels deep and never in a circle; refuses others (forum.too_deep). Moves in the tree wait for one another.';

revoke all on function forums.check_nesting() from public;
