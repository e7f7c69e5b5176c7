create or replace function forums.move_post(p_post_id uuid, p_category_id uuid default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  former uuid;
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 6);
  if p_category_id is not null and not exists (
    select from forums.categories as category
    where category.forum_id = post.forum_id and category.id = p_category_id
  ) then
    perform core.fail('category.unknown');
  end if;

  former := post.category_id;
  update forums.posts as target
  set category_id = p_category_id,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record(
    'move_post', 'forums.posts', p_post_id,
    jsonb_build_object('category_id', former), jsonb_build_object('category_id', p_category_id)
  );
  return post;
end
$$;

comment on function forums.move_post(uuid, uuid) is
  'Moves a post into another section of its forum, or into none (null). Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses post.unknown, post.deleted and category.unknown. Audited.';

revoke all on function forums.move_post(uuid, uuid) from public;
grant execute on function forums.move_post(uuid, uuid) to stoa_member;
