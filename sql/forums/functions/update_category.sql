create or replace function forums.update_category(
  p_category_id uuid,
  p_name text default null,
  p_slug text default null,
  p_color integer default null,
  p_position integer default null
)
returns forums.categories
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category forums.categories;
begin
  select * into category from forums.categories as candidate where candidate.id = p_category_id;
  if not found then
    perform core.fail('category.unknown');
  end if;
  perform forums.readable_forum(category.forum_id, 'category.unknown');
  perform forums.require_permission(category.forum_id, 6);
  if p_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    update forums.categories as target
    set name = case when p_name is null then target.name else core.clean_text(p_name, 100) end,
        slug = case when p_slug is null then target.slug else forums.check_slug(p_slug) end,
        color = coalesce(p_color, target.color),
        position = coalesce(p_position, target.position)
    where target.id = p_category_id
    returning * into category;
  exception
    when unique_violation then perform core.fail('category.slug_taken');
  end;
  return category;
end
$$;

comment on function forums.update_category(uuid, text, text, integer, integer) is
  E'@name update_forum_category\nChanges a section; what is left out stays. Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses what forums.create_category refuses, and an unknown section (category.unknown).';

revoke all on function forums.update_category(uuid, text, text, integer, integer) from public;
grant execute on function forums.update_category(uuid, text, text, integer, integer) to stoa_member;
