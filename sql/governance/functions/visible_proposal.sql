create or replace function governance.visible_proposal(p_proposal_id uuid, p_lock boolean default false)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  proposal governance.proposals;
begin
  if p_lock then
    select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id for no key update;
  else
    select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id;
  end if;
  if proposal.id is null
    or (
      proposal.status = 'draft'
      and proposal.proposer_id is distinct from core.current_user_id()
      and core.current_role_rank() < 2
    )
  then
    perform core.fail('proposal.unknown');
  end if;
  return proposal;
end
$$;

comment on function governance.visible_proposal(uuid, boolean) is
  'Internal. A proposal that the caller may read, locked for change where asked for: the policies of governance.proposals for one. Refuses proposal.unknown.';

revoke all on function governance.visible_proposal(uuid, boolean) from public;
