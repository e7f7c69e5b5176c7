create or replace function governance.removed_comment_text(p_proposal_id uuid, p_comment_id uuid)
returns text
language plpgsql
stable
-- No role of the API has a grant on the removed texts.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return (
    select kept.content
    from governance.removed_texts as kept
    where kept.proposal_id = p_proposal_id and kept.comment_id = p_comment_id
  );
end
$$;

comment on function governance.removed_comment_text(uuid, uuid) is
  E'@name removed_proposal_comment_text\nModerators only: what a deleted comment on a proposal said; null when it is not deleted, or gone after 30 days.';

revoke all on function governance.removed_comment_text(uuid, uuid) from public;
grant execute on function governance.removed_comment_text(uuid, uuid) to stoa_moderator;
