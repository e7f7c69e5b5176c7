create or replace function forums.live_post(p_post_id uuid)
returns forums.posts
language plpgsql
stable
set search_path = ''
as $$
declare
  post forums.posts;
begin
  select * into post
  from forums.posts as candidate
  where candidate.id = p_post_id
    and candidate.deleted_at is null;
  if not found then
    perform core.fail('post.unknown');
  end if;

  perform forums.readable_forum(post.forum_id, 'post.unknown');
  return post;
end
$$;

comment on function forums.live_post(uuid) is
  'Internal. A post that is not deleted, of a forum that the caller may read. Refuses with post.unknown or forum.banned.';

revoke all on function forums.live_post(uuid) from public;
