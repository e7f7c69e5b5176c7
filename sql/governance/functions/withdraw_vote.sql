create or replace function governance.withdraw_vote(p_proposal_id uuid)
returns governance.votes
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  ballot governance.votes;
begin
  perform governance.votable_proposal(p_proposal_id);
  delete from governance.votes as cast_before
  where cast_before.proposal_id = p_proposal_id and cast_before.voter_id = me
  returning * into ballot;
  if not found then
    perform core.fail('ballot.unknown');
  end if;
  return ballot;
end
$$;

comment on function governance.withdraw_vote(uuid) is
  'Takes the caller''s ballot back while voting is open, and returns what it was. Refuses proposal.unknown, proposal.closed, and ballot.unknown where there is none.';

revoke all on function governance.withdraw_vote(uuid) from public;
grant execute on function governance.withdraw_vote(uuid) to stoa_member;
