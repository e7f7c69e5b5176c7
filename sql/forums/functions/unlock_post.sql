create or replace function forums.unlock_post(p_post_id uuid)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 1);
  update forums.posts as target
  set is_locked = false,
      locked_reason = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('unlock_post', 'forums.posts', p_post_id);
  return post;
end
$$;

comment on function forums.unlock_post(uuid) is
  'Opens a post to comments again. Needs LOCK (forum.not_allowed). Refuses post.unknown and post.deleted. Audited.';

revoke all on function forums.unlock_post(uuid) from public;
grant execute on function forums.unlock_post(uuid) to stoa_member;
