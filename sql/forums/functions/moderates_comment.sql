create or replace function forums.moderates_comment(p_comment forums.comments)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return forums.can_moderate((select post.forum_id from forums.posts as post where post.id = p_comment.post_id), 0);
end
$$;

comment on function forums.moderates_comment(forums.comments) is
  'Internal. Whether the caller holds DELETE in the forum of a comment.';

revoke all on function forums.moderates_comment(forums.comments) from public;
