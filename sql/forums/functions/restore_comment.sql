create or replace function forums.restore_comment(p_comment_id uuid, p_reason text default null)
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
  kept forums.removed_texts;
begin
  comment := forums.locked_comment(p_comment_id);
  if not forums.moderates_comment(comment) then
    if comment.author_id is distinct from me then
      perform core.fail('comment.not_author');
    end if;
    if comment.deleted_at is not null and comment.deleted_by is distinct from me then
      perform core.fail('comment.removed_by_moderator');
    end if;
  end if;
  if comment.deleted_at is null then
    return comment;
  end if;

  delete from forums.removed_texts as text_of_comment
  where text_of_comment.comment_id = p_comment_id
  returning * into kept;
  if not found or kept.removed_at < now() - interval '30 days' then
    perform core.fail('comment.restore_too_late');
  end if;
  update forums.comments as target
  set content = kept.content,
      deleted_at = null,
      deleted_by = null
  where target.id = p_comment_id
  returning * into comment;
  perform forums.audit_moderation('restore_comment', 'forums.comments', p_comment_id, comment.author_id, why);
  return comment;
end
$$;

comment on function forums.restore_comment(uuid, text) is
  'Brings a deleted comment back with its text. Its author (comment.not_author), unless a moderator removed it (comment.removed_by_moderator), or a moderator with DELETE; for 30 days (comment.restore_too_late). A comment that is not deleted stays as it is. Refuses comment.unknown, post.deleted and forum.banned. A moderator''s restoration is audited.';

revoke all on function forums.restore_comment(uuid, text) from public;
grant execute on function forums.restore_comment(uuid, text) to stoa_member;
