create or replace function governance.discussed_proposal(p_proposal_id uuid)
returns governance.proposals
language plpgsql
stable
set search_path = ''
as $$
declare
  proposal governance.proposals;
begin
  select * into proposal
  from governance.proposals as candidate
  where candidate.id = p_proposal_id and candidate.status <> 'draft';
  if not found then
    perform core.fail('proposal.unknown');
  end if;
  return proposal;
end
$$;

comment on function governance.discussed_proposal(uuid) is
  'Internal. A proposal that can be discussed: any that is no draft. Refuses proposal.unknown.';

revoke all on function governance.discussed_proposal(uuid) from public;
