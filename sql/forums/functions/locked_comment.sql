create or replace function forums.locked_comment(p_comment_id uuid)
returns forums.comments
language plpgsql
volatile
set search_path = ''
as $$
declare
  comment forums.comments;
  forum_of_comment uuid;
  post_deleted_at timestamptz;
begin
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  select post.forum_id into forum_of_comment from forums.posts as post where post.id = comment.post_id;
  perform forums.readable_forum(forum_of_comment, 'comment.unknown');

  -- Lock order: the post before its comment.
  select post.deleted_at into post_deleted_at
  from forums.posts as post
  where post.id = comment.post_id
  for no key update;
  if post_deleted_at is not null and not forums.can_moderate(forum_of_comment, 0) then
    perform core.fail('post.deleted');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  return comment;
end
$$;

comment on function forums.locked_comment(uuid) is
  'Internal. A comment of a post that the caller may read, deleted or not, locked for change, its post before it. Refuses comment.unknown, post.deleted and forum.banned.';

revoke all on function forums.locked_comment(uuid) from public;
