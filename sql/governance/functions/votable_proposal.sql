create or replace function governance.votable_proposal(p_proposal_id uuid)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  proposal governance.proposals := governance.visible_proposal(p_proposal_id);
begin
  -- Looked at before the lock as well, so that late voters do not keep the worker from closing.
  for attempt in 1..2 loop
    if proposal.status is distinct from 'active'
      or clock_timestamp() < proposal.voting_start
      or clock_timestamp() >= proposal.voting_end
    then
      perform core.fail('proposal.closed');
    end if;
    exit when attempt = 2;
    -- Shared: voters do not wait for one another, closing waits for all of them.
    select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id for share;
  end loop;
  return proposal;
end
$$;

comment on function governance.votable_proposal(uuid) is
  'Internal. A proposal that is being voted on, held open until the caller''s transaction ends. The clock decides and not the state alone, so a late worker gives nobody more time. Refuses proposal.unknown and proposal.closed.';

revoke all on function governance.votable_proposal(uuid) from public;
