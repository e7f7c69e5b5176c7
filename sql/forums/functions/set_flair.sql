create or replace function forums.set_flair(p_post_id uuid, p_flair_id uuid default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  former uuid;
  post forums.posts;
begin
  post := forums.locked_post(p_post_id);
  if post.author_id is distinct from me then
    perform forums.require_permission(post.forum_id, 3);
  end if;
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  -- Neither put on nor taken off by authors: a label that only moderators use.
  perform forums.check_flair(post.forum_id, post.flair_id);
  perform forums.check_flair(post.forum_id, p_flair_id);

  former := post.flair_id;
  update forums.posts as target
  set flair_id = p_flair_id,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform forums.audit_moderation(
    'set_flair', 'forums.posts', p_post_id, post.author_id, null,
    jsonb_build_object('flair_id', former), jsonb_build_object('flair_id', p_flair_id)
  );
  return post;
end
$$;

comment on function forums.set_flair(uuid, uuid) is
  E'@name set_post_flair\nPuts a label of the forum on a post, or takes it off (null). Its author, or a moderator with FLAIR (forum.not_allowed). Refuses post.unknown, post.deleted, flair.unknown, and labels for moderators only (flair.moderators_only). A moderator''s change is audited.';

revoke all on function forums.set_flair(uuid, uuid) from public;
grant execute on function forums.set_flair(uuid, uuid) to stoa_member;
