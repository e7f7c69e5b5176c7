create or replace function forums.locked_post(p_post_id uuid, p_with_forum boolean default false)
returns forums.posts
language plpgsql
volatile
set search_path = ''
as $$
declare
  post forums.posts;
  forum_of_post uuid;
begin
  -- Lock order: the forum before its post. The post cannot change its forum, so the first look needs no lock.
  select candidate.forum_id into forum_of_post
  from forums.posts as candidate
  where candidate.id = p_post_id;
  if not found then
    perform core.fail('post.unknown');
  end if;

  perform forums.readable_forum(forum_of_post, 'post.unknown');

  if p_with_forum then
    perform from forums.forums as forum where forum.id = forum_of_post for no key update;
  end if;
  select * into post from forums.posts as candidate where candidate.id = p_post_id for no key update;
  if not found then
    perform core.fail('post.unknown');
  end if;
  return post;
end
$$;

comment on function forums.locked_post(uuid, boolean) is
  'Internal. A post of a forum that the caller may read, deleted or not, locked for change; with p_with_forum its forum is locked first, as a change of the forum''s counters or pins needs. Refuses with post.unknown or forum.banned.';

revoke all on function forums.locked_post(uuid, boolean) from public;
