create or replace function governance.schedule_proposal(
  p_proposal_id uuid,
  p_start timestamptz,
  p_end timestamptz,
  p_quorum numeric default 0.2,
  p_approval numeric default 0.5
)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  notice constant interval := '1 hour';
  me constant uuid := core.require_member();
  proposal governance.proposals;
begin
  if p_start is null
    or p_end is null
    or not isfinite(p_start)
    or not isfinite(p_end)
    or p_start < now() + notice
    or p_end < p_start + interval '1 day'
    or p_end > p_start + interval '30 days'
  then
    perform core.fail('proposal.period_invalid');
  end if;
  if coalesce(
    p_quorum not between 0 and 1
    or p_approval not between 0 and 1
    or p_quorum <> round(p_quorum, 6)
    or p_approval <> round(p_approval, 6),
    true
  ) then
    perform core.fail('proposal.threshold_invalid');
  end if;
  proposal := governance.own_draft(p_proposal_id);
  perform governance.known_token(proposal.token_id, true);

  update governance.proposals as changed
  set voting_start = p_start,
      voting_end = p_end,
      quorum_threshold = p_quorum,
      approval_threshold = p_approval
  where changed.id = p_proposal_id
  returning * into proposal;
  return proposal;
end
$$;

comment on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) is
  E'@argument approval The share of yes and no that must be yes.\n@argument end When voting ends.\n@argument quorum The share of all power that must vote.\n@argument start When voting begins.\nSays when voting on a draft of the caller opens (start, an hour from now or later) and closes (end, 1 to 30 days after start), which fraction of all power must take part (quorum) and which fraction of yes among yes and no carries it (approval). Can be said anew until voting opens. Refuses proposal.period_invalid, proposal.threshold_invalid, proposal.unknown, proposal.not_proposer, proposal.not_draft and token.retired.';

revoke all on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) from public;
grant execute on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) to stoa_member;
