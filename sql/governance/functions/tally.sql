create or replace function governance.tally(
  p_proposal_id uuid,
  out total_votes integer,
  out yes_votes integer,
  out no_votes integer,
  out abstain_votes integer,
  out yes_power numeric,
  out no_power numeric,
  out abstain_power numeric,
  out snapshot_power numeric,
  out is_final boolean
)
language plpgsql
stable
-- No role of the API has a grant on the running tally.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  proposal governance.proposals := governance.visible_proposal(p_proposal_id);
begin
  snapshot_power := proposal.snapshot_power;
  is_final := proposal.status in ('passed', 'rejected', 'expired');

  if proposal.status <> 'active' then
    total_votes := proposal.total_votes;
    yes_votes := proposal.yes_votes;
    no_votes := proposal.no_votes;
    abstain_votes := proposal.abstain_votes;
    yes_power := proposal.yes_power;
    no_power := proposal.no_power;
    abstain_power := proposal.abstain_power;
    return;
  end if;

  if not governance.ballots_are_open() or core.current_role_rank() < 1 then
    perform core.fail('tally.hidden');
  end if;
  select
    sum(shards.yes_votes + shards.no_votes + shards.abstain_votes)::integer,
    sum(shards.yes_votes)::integer, sum(shards.no_votes)::integer, sum(shards.abstain_votes)::integer,
    sum(shards.yes_power), sum(shards.no_power), sum(shards.abstain_power)
  into
    tally.total_votes, tally.yes_votes, tally.no_votes, tally.abstain_votes,
    tally.yes_power, tally.no_power, tally.abstain_power
  from governance.vote_tallies as shards
  where shards.proposal_id = p_proposal_id;
end
$$;

comment on function governance.tally(uuid) is
  E'@name proposal_tally\n@column is_final Whether the voting is over.\nThe result of a proposal in ballots and in power, and the power that could take part. While voting is open it is the running result, which members see only where the setting governance.open_ballots allows it (tally.hidden). Refuses proposal.unknown. Reads sixteen rows while voting is open, one afterwards.';

revoke all on function governance.tally(uuid) from public;
grant execute on function governance.tally(uuid) to stoa_anonymous;
