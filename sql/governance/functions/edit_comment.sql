create or replace function governance.edit_comment(p_proposal_id uuid, p_comment_id uuid, p_content text)
returns governance.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  new_content constant text := core.clean_text(p_content, 10000);
  comment governance.comments;
begin
  comment := governance.locked_comment(p_proposal_id, p_comment_id);
  if comment.user_id is distinct from me then
    perform core.fail('proposal_comment.not_author');
  end if;
  if new_content = comment.content then
    return comment;
  end if;

  update governance.comments as changed
  set content = new_content,
      edited_at = now()
  where changed.proposal_id = p_proposal_id and changed.id = p_comment_id
  returning * into comment;
  return comment;
end
$$;

comment on function governance.edit_comment(uuid, uuid, text) is
  E'@name edit_proposal_comment\nChanges the text of a comment of the caller (proposal_comment.not_author). Refuses proposal.unknown, proposal_comment.unknown and proposal_comment.deleted. Limit: 10,000 characters.';

revoke all on function governance.edit_comment(uuid, uuid, text) from public;
grant execute on function governance.edit_comment(uuid, uuid, text) to stoa_member;
