create or replace function governance.locked_comment(p_proposal_id uuid, p_comment_id uuid)
returns governance.comments
language plpgsql
volatile
set search_path = ''
as $$
declare
  comment governance.comments;
begin
  perform governance.discussed_proposal(p_proposal_id);
  select * into comment
  from governance.comments as candidate
  where candidate.proposal_id = p_proposal_id and candidate.id = p_comment_id
  for no key update;
  if not found then
    perform core.fail('proposal_comment.unknown');
  end if;
  if comment.deleted_at is not null then
    perform core.fail('proposal_comment.deleted');
  end if;
  return comment;
end
$$;

comment on function governance.locked_comment(uuid, uuid) is
  'Internal. A live comment on a proposal that is no draft, locked for change. Refuses proposal.unknown, proposal_comment.unknown and proposal_comment.deleted.';

revoke all on function governance.locked_comment(uuid, uuid) from public;
