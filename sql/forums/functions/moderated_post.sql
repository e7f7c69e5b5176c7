create or replace function forums.moderated_post(p_post_id uuid, p_bit integer, p_with_forum boolean default false)
returns forums.posts
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  post forums.posts;
begin
  post := forums.locked_post(p_post_id, p_with_forum);
  perform forums.require_permission(post.forum_id, p_bit);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  return post;
end
$$;

comment on function forums.moderated_post(uuid, integer, boolean) is
  'Internal. A live post, locked (with its forum first, on demand), for a moderator who holds this permission. Refuses post.unknown, forum.not_allowed and post.deleted.';

revoke all on function forums.moderated_post(uuid, integer, boolean) from public;
