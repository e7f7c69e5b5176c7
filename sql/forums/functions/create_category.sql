create or replace function forums.create_category(
  p_forum_id uuid,
  p_name text,
  p_slug text,
  p_color integer default null,
  p_position integer default 0
)
returns forums.categories
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category_name constant text := core.clean_text(p_name, 100);
  category_slug constant text := forums.check_slug(p_slug);
  category forums.categories;
begin
  perform forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 6);
  if p_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    insert into forums.categories (forum_id, name, slug, color, position)
    values (p_forum_id, category_name, category_slug, p_color, coalesce(p_position, 0))
    returning * into category;
  exception
    when unique_violation then perform core.fail('category.slug_taken');
  end;
  return category;
end
$$;

comment on function forums.create_category(uuid, text, text, integer, integer) is
  E'@name create_forum_category\nAdds a section to a forum. Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses an address that is malformed (forum.slug_invalid) or taken in this forum (category.slug_taken), and a colour of more than 24 bits (input.malformed).';

revoke all on function forums.create_category(uuid, text, text, integer, integer) from public;
grant execute on function forums.create_category(uuid, text, text, integer, integer) to stoa_member;
