create or replace function governance.proposals_my_ballot(p_proposal governance.proposals)
returns governance.votes
language sql
stable
set search_path = ''
begin atomic
  select ballot
  from governance.votes as ballot
  where ballot.proposal_id = p_proposal.id
    and ballot.voter_id = core.current_user_id();
end;

comment on function governance.proposals_my_ballot(governance.proposals) is
  'The caller''s ballot on the proposal, or null. One look-up by primary key, under row-level security.';

revoke all on function governance.proposals_my_ballot(governance.proposals) from public;
grant execute on function governance.proposals_my_ballot(governance.proposals) to stoa_member;
