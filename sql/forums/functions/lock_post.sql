create or replace function forums.lock_post(p_post_id uuid, p_reason text default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  why constant text := core.clean_text(p_reason, 300, false);
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 1);
  update forums.posts as target
  set is_locked = true,
      locked_reason = why,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('lock_post', 'forums.posts', p_post_id, null, null, why);
  return post;
end
$$;

comment on function forums.lock_post(uuid, text) is
  'Closes a post to new comments, with a reason of at most 300 characters that stands on it. Needs LOCK (forum.not_allowed). Refuses post.unknown and post.deleted. Audited.';

revoke all on function forums.lock_post(uuid, text) from public;
grant execute on function forums.lock_post(uuid, text) to stoa_member;
