create or replace function governance.delete_draft(p_proposal_id uuid)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  proposal governance.proposals;
begin
  proposal := governance.own_draft(p_proposal_id);
  delete from governance.proposals as doomed where doomed.id = p_proposal_id;
  return proposal;
end
$$;

comment on function governance.delete_draft(uuid) is
  E'@name delete_proposal_draft\nDeletes a draft of the caller and returns what it was. Refuses proposal.unknown, proposal.not_proposer, and a proposal that has opened: those stay for ever (proposal.not_draft).';

revoke all on function governance.delete_draft(uuid) from public;
grant execute on function governance.delete_draft(uuid) to stoa_member;
