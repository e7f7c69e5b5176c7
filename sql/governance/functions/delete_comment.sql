create or replace function governance.delete_comment(p_proposal_id uuid, p_comment_id uuid, p_reason text default null)
returns governance.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment governance.comments;
begin
  comment := governance.locked_comment(p_proposal_id, p_comment_id);
  if comment.user_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('proposal_comment.not_author');
  end if;

  insert into governance.removed_texts (proposal_id, comment_id, content)
  values (p_proposal_id, p_comment_id, comment.content);
  update governance.comments as removed
  set content = '',
      deleted_at = now()
  where removed.proposal_id = p_proposal_id and removed.id = p_comment_id
  returning * into comment;

  if comment.user_id is distinct from me then
    perform audit.record(
      p_action => 'proposal_comment.delete',
      p_resource_type => 'governance.comments',
      p_resource_id => p_comment_id,
      p_reason => why,
      p_resource_key => jsonb_build_object('proposal_id', p_proposal_id, 'id', p_comment_id)
    );
    perform notifications.notify(
      comment.user_id, 'moderation', 'Your comment on a proposal was removed', why,
      jsonb_build_object('proposal_id', p_proposal_id, 'comment_id', p_comment_id)
    );
  end if;
  return comment;
end
$$;

comment on function governance.delete_comment(uuid, uuid, text) is
  E'@name delete_proposal_comment\nMakes a comment a tombstone: its place in the discussion stays, its text is out of reach of everybody but moderators, and gone after 30 days. Its author, or a moderator (proposal_comment.not_author). Refuses proposal.unknown, proposal_comment.unknown and proposal_comment.deleted. A moderator''s deletion is audited, and the author is told the reason.';

revoke all on function governance.delete_comment(uuid, uuid, text) from public;
grant execute on function governance.delete_comment(uuid, uuid, text) to stoa_member;
