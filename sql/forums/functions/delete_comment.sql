create or replace function forums.delete_comment(p_comment_id uuid, p_reason text default null)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment forums.comments;
  post forums.posts;
begin
  comment := forums.locked_comment(p_comment_id);
  if comment.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;
  if comment.author_id is distinct from me and not forums.moderates_comment(comment) then
    perform core.fail('comment.not_author');
  end if;

  insert into forums.removed_texts as existing (comment_id, content)
  values (p_comment_id, comment.content)
  on conflict (comment_id) do update
  set content = excluded.content,
      removed_at = excluded.removed_at;
  update forums.comments as target
  set content = '',
      deleted_at = now(),
      deleted_by = me
  where target.id = p_comment_id
  returning * into comment;

  perform forums.audit_moderation('delete_comment', 'forums.comments', p_comment_id, comment.author_id, why);
  if comment.author_id <> me then
    select * into post from forums.posts as candidate where candidate.id = comment.post_id;
    perform notifications.notify(
      comment.author_id, 'moderation', 'Your comment was removed from ' || post.title, why,
      jsonb_build_object('post_id', comment.post_id, 'comment_id', p_comment_id)
    );
  end if;
  return comment;
end
$$;

comment on function forums.delete_comment(uuid, text) is
  'Makes a comment a tombstone: its place in the tree stays, its text is out of reach of everybody but moderators, and gone after 30 days. Its author or a moderator with DELETE (comment.not_author). Refuses comment.unknown, comment.deleted, post.deleted and forum.banned. A moderator''s deletion is audited, and the author is told the reason.';

revoke all on function forums.delete_comment(uuid, text) from public;
grant execute on function forums.delete_comment(uuid, text) to stoa_member;
