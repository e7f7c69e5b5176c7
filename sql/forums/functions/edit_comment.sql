create or replace function forums.edit_comment(p_comment_id uuid, p_content text, p_reason text default null)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  new_content constant text := core.clean_text(p_content, 10000);
  why constant text := core.clean_text(p_reason, 1000, false);
  before forums.comments;
  after forums.comments;
begin
  before := forums.locked_comment(p_comment_id);
  if before.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;
  if not forums.moderates_comment(before) then
    if before.author_id is distinct from me then
      perform core.fail('comment.not_author');
    end if;
    if (select post.is_locked from forums.posts as post where post.id = before.post_id) then
      perform core.fail('post.locked');
    end if;
  end if;
  if new_content = before.content then
    return before;
  end if;

  update forums.comments as comment
  set content = new_content,
      edited_at = now()
  where comment.id = p_comment_id
  returning * into after;
  perform forums.audit_moderation(
    'edit_comment', 'forums.comments', p_comment_id, before.author_id, why,
    jsonb_build_object('content', before.content), jsonb_build_object('content', after.content)
  );
  return after;
end
$$;

comment on function forums.edit_comment(uuid, text, text) is
  'Changes the text of a comment. Its author (not on a locked post: post.locked) or a moderator with DELETE (comment.not_author). Refuses comment.unknown, comment.deleted, post.deleted and forum.banned. Limit: 10,000 characters. A moderator''s change is audited.';

revoke all on function forums.edit_comment(uuid, text, text) from public;
grant execute on function forums.edit_comment(uuid, text, text) to stoa_member;
