create or replace function tracker.edit_comment(p_comment_id uuid, p_content text)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  comment tracker.comments;
begin
  perform core.require_unrestricted('tracker');
  perform core.require_unrestricted('posting');
  comment := tracker.locked_comment(p_comment_id);
  if comment.author_id is distinct from me then
    perform core.fail('torrent_comment.not_author');
  end if;
  update tracker.comments as target
  set content = core.clean_text(p_content, 10000),
      edited_at = now()
  where target.id = p_comment_id
  returning * into comment;
  return comment;
end
$$;

comment on function tracker.edit_comment(uuid, text) is
  E'@name edit_torrent_comment\nChanges the text of a comment of the caller (torrent_comment.not_author). Refuses torrent_comment.unknown. Limit: 10,000 characters.';

revoke all on function tracker.edit_comment(uuid, text) from public;
grant execute on function tracker.edit_comment(uuid, text) to stoa_member;
