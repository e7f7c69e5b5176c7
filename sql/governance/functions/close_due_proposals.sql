create or replace function governance.close_due_proposals(p_now timestamptz default now(), p_limit integer default 100)
returns integer
language plpgsql
volatile
-- Counts the ballots of everybody.
security definer
set search_path = ''
as $$
declare
  due_id uuid;
  proposal governance.proposals;
  closed integer := 0;
begin
  for due_id in
    select due.id
    from governance.proposals as due
    where due.status = 'active'
      and due.voting_end <= p_now
    order by due.voting_end, due.id
    limit p_limit
  loop
    -- Waits for the ballots on their way and for another worker, then looks again at what that one left.
    select * into proposal
    from governance.proposals as due
    where due.id = due_id
      and due.status = 'active'
      and due.voting_end <= p_now
    for update;
    continue when not found;

    proposal := governance.count_and_close(proposal, false);
    perform audit.record(
      'proposal.close', 'governance.proposals', proposal.id, null, jsonb_build_object('status', proposal.status)
    );
    perform notifications.notify(
      proposal.proposer_id, 'proposal', 'Voting has closed: ' || proposal.title,
      'The proposal is ' || proposal.status || '.',
      jsonb_build_object('proposal_id', proposal.id, 'status', proposal.status)
    );
    closed := closed + 1;
  end loop;
  return closed;
end
$$;

comment on function governance.close_due_proposals(timestamptz, integer) is
  'For the worker, every minute: closes the proposals whose voting period is over; see governance.count_and_close for the outcome. Can run twice at once and any number of times: each proposal is closed once. Returns how many it closed.';

revoke all on function governance.close_due_proposals(timestamptz, integer) from public;
grant execute on function governance.close_due_proposals(timestamptz, integer) to stoa_worker;
