create or replace function forums.delete_category(p_category_id uuid)
returns forums.categories
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
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

  -- The foreign key empties category_id of its posts; they are locked in the order of their keys beforehand.
  perform from forums.forums as forum where forum.id = category.forum_id for no key update;
  perform
  from forums.posts as post
  where post.forum_id = category.forum_id
    and post.category_id = p_category_id
  order by post.id
  for no key update;
  delete from forums.categories as target where target.id = p_category_id;
  return category;
end
$$;

comment on function forums.delete_category(uuid) is
  E'@name delete_forum_category\nRemoves a section; its posts stay, without one. Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses an unknown section (category.unknown). Rewrites the posts of the section.';

revoke all on function forums.delete_category(uuid) from public;
grant execute on function forums.delete_category(uuid) to stoa_member;
