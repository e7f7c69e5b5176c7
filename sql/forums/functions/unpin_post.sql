create or replace function forums.unpin_post(p_post_id uuid)
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
  post := forums.moderated_post(p_post_id, 2, true);
  update forums.posts as target
  set is_pinned = false,
      pinned_at = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('unpin_post', 'forums.posts', p_post_id);
  return post;
end
$$;

comment on function forums.unpin_post(uuid) is
  'No longer holds a post at the top. Needs PIN (forum.not_allowed). Refuses post.unknown and post.deleted. Audited.';

revoke all on function forums.unpin_post(uuid) from public;
grant execute on function forums.unpin_post(uuid) to stoa_member;
