create or replace function governance.cast_vote(p_proposal_id uuid, p_vote_type text, p_reason text default null)
returns governance.votes
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 2000, false);
  power numeric;
  ballot governance.votes;
begin
  if p_vote_type is null or p_vote_type not in ('yes', 'no', 'abstain') then
    perform core.fail('ballot.choice_invalid');
  end if;
  perform governance.votable_proposal(p_proposal_id);
  select holder.voting_power into power
  from governance.voting_snapshots as holder
  where holder.proposal_id = p_proposal_id and holder.user_id = me;
  if not found then
    perform core.fail('ballot.no_power');
  end if;

  insert into governance.votes as existing (proposal_id, voter_id, vote_type, voting_power, reason)
  values (p_proposal_id, me, p_vote_type, power, why)
  on conflict (proposal_id, voter_id) do update
  set vote_type = excluded.vote_type,
      reason = excluded.reason
  returning * into ballot;
  return ballot;
end
$$;

comment on function governance.cast_vote(uuid, text, text) is
  'Casts the caller''s ballot (yes, no or abstain) with the power that they held when the proposal opened, or replaces the one they cast before. Refuses ballot.choice_invalid, proposal.unknown, a vote that is not open or whose time is over (proposal.closed), and who held nothing at the opening (ballot.no_power). Limit: reason 2,000 characters. A ballot row and one of sixteen tally rows; voters do not queue up.';

revoke all on function governance.cast_vote(uuid, text, text) from public;
grant execute on function governance.cast_vote(uuid, text, text) to stoa_member;
