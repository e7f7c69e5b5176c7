create or replace function tracker.delete_comment(p_comment_id uuid, p_reason text default null)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment tracker.comments;
begin
  comment := tracker.locked_comment(p_comment_id);
  update tracker.comments as target
  set deleted_at = now(),
      deleted_by = me
  where target.id = p_comment_id
  returning * into comment;
  if comment.author_id is distinct from me then
    perform audit.record('delete_comment', 'tracker.comments', p_comment_id, p_reason => why);
    perform notifications.notify(
      comment.author_id, 'moderation', 'Your comment was removed', why, jsonb_build_object('comment_id', p_comment_id)
    );
  end if;
  return comment;
end
$$;

comment on function tracker.delete_comment(uuid, text) is
  E'@name delete_torrent_comment\nDeletes a comment: its author or a moderator (torrent_comment.not_author); it is purged 30 days later. Refuses torrent_comment.unknown. What staff does is audited and told to the author.';

revoke all on function tracker.delete_comment(uuid, text) from public;
grant execute on function tracker.delete_comment(uuid, text) to stoa_member;
