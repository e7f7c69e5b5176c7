create or replace function forums.restore_post(p_post_id uuid, p_reason text default null)
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
    perform core.fail(case when post.deleted_at is null then 'post.not_author' else 'post.unknown' end);
  end if;
  if post.deleted_at is null then
    return post;
  end if;
  if post.deleted_by is distinct from me and not forums.can_moderate(post.forum_id, 0) then
    perform core.fail('post.removed_by_moderator');
  end if;
  if post.deleted_at < now() - interval '30 days' then
    perform core.fail('post.restore_too_late');
  end if;

  update forums.posts as target
  set deleted_at = null,
      deleted_by = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform forums.audit_moderation('restore_post', 'forums.posts', p_post_id, post.author_id, why);
  return post;
end
$$;

comment on function forums.restore_post(uuid, text) is
  'Brings a deleted post back, with its comments and votes. Its author, unless a moderator removed it (post.removed_by_moderator), or a moderator with DELETE; for 30 days (post.restore_too_late). A post that is not deleted stays as it is. Refuses post.unknown and post.not_author. A moderator''s restoration is audited.';

revoke all on function forums.restore_post(uuid, text) from public;
grant execute on function forums.restore_post(uuid, text) to stoa_member;
