create or replace function governance.own_draft(p_proposal_id uuid)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  proposal governance.proposals := governance.visible_proposal(p_proposal_id, true);
begin
  if proposal.proposer_id is distinct from core.current_user_id() then
    perform core.fail('proposal.not_proposer');
  end if;
  if proposal.status <> 'draft' then
    perform core.fail('proposal.not_draft');
  end if;
  return proposal;
end
$$;

comment on function governance.own_draft(uuid) is
  'Internal. A draft of the caller, locked for change: it cannot open meanwhile. Refuses proposal.unknown, proposal.not_proposer and proposal.not_draft.';

revoke all on function governance.own_draft(uuid) from public;
