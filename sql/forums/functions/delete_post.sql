create or replace function forums.delete_post(p_post_id uuid, p_reason text default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  post forums.posts;
begin
  post := forums.locked_post(p_post_id, true);
  if post.author_id is distinct from me and not forums.can_moderate(post.forum_id, 0) then
    perform core.fail('post.not_author');
  end if;
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;

  update forums.posts as target
  set deleted_at = now(),
      deleted_by = me,
      is_pinned = false,
      pinned_at = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform forums.audit_moderation('delete_post', 'forums.posts', p_post_id, post.author_id, why);
  if post.author_id <> me then
    perform notifications.notify(
      post.author_id, 'moderation', 'Your post was removed: ' || post.title, why,
      jsonb_build_object('post_id', p_post_id)
    );
  end if;
  return post;
end
$$;

comment on function forums.delete_post(uuid, text) is
  'Hides a post and its comments; it can be restored for 30 days, then it is purged. Its author or a moderator with DELETE (post.not_author). Refuses post.unknown and post.deleted. A moderator''s deletion is audited, and the author is told the reason.';

revoke all on function forums.delete_post(uuid, text) from public;
grant execute on function forums.delete_post(uuid, text) to stoa_member;
