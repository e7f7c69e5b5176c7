-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'governance.user_tokens.voting_power',
    'governance',
    'The voting power of a holding is its balances times the weights of the token. For the minutes after a change of weights, a job is still working on it.',
    $query$
      select
        holding.user_id || ' ' || holding.token_id as subject,
        governance.power_of(
          holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight
        )::text as expected,
        holding.voting_power::text as found
      from governance.user_tokens as holding
      join governance.tokens as token on token.id = holding.token_id
      where holding.voting_power
        <> governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight)
    $query$
  ),
  (
    'governance.proposals.snapshot_power',
    'governance',
    'The frozen power of a proposal is the sum of the powers of its electorate; a draft has neither.',
    $query$
      select
        proposal.id::text as subject,
        coalesce(counted.power, 0)::text as expected,
        coalesce(proposal.snapshot_power, 0)::text as found
      from governance.proposals as proposal
      left join (
        select holder.proposal_id, sum(holder.voting_power) as power
        from governance.voting_snapshots as holder
        group by holder.proposal_id
      ) as counted on counted.proposal_id = proposal.id
      where coalesce(proposal.snapshot_power, 0) <> coalesce(counted.power, 0)
        or (proposal.status = 'draft' and counted.power is not null)
    $query$
  ),
  (
    'governance.votes.voting_power',
    'governance',
    'A ballot weighs what its voter held when voting opened.',
    $query$
      select
        ballot.proposal_id || ' ' || ballot.voter_id as subject,
        coalesce(holder.voting_power::text, 'no ballot') as expected,
        ballot.voting_power::text as found
      from governance.votes as ballot
      left join governance.voting_snapshots as holder
        on holder.proposal_id = ballot.proposal_id and holder.user_id = ballot.voter_id
      where ballot.voting_power is distinct from holder.voting_power
    $query$
  ),
  (
    'governance.vote_tallies.ballots',
    'governance',
    'While voting is open, each of the sixteen shards of the running result is the sum of its ballots; afterwards there are none.',
    $query$
      select
        coalesce(counted.proposal_id, tally.proposal_id) || ' shard ' || coalesce(counted.shard, tally.shard) as subject,
        coalesce(concat_ws(' ', counted.yes_votes, counted.no_votes, counted.abstain_votes, counted.yes_power, counted.no_power, counted.abstain_power), 'none') as expected,
        coalesce(concat_ws(' ', tally.yes_votes, tally.no_votes, tally.abstain_votes, tally.yes_power, tally.no_power, tally.abstain_power), 'none') as found
      from (
        select
          proposal.id as proposal_id,
          shard.number::smallint as shard,
          coalesce(sum(ballot.yes), 0) as yes_votes,
          coalesce(sum(ballot.no), 0) as no_votes,
          coalesce(sum(ballot.abstain), 0) as abstain_votes,
          coalesce(sum(ballot.power * ballot.yes), 0) as yes_power,
          coalesce(sum(ballot.power * ballot.no), 0) as no_power,
          coalesce(sum(ballot.power * ballot.abstain), 0) as abstain_power
        from governance.proposals as proposal
        cross join generate_series(0, 15) as shard (number)
        left join (
          select
            vote.proposal_id,
            governance.tally_shard(vote.voter_id) as shard,
            vote.voting_power as power,
            (vote.vote_type = 'yes')::integer as yes,
            (vote.vote_type = 'no')::integer as no,
            (vote.vote_type = 'abstain')::integer as abstain
          from governance.votes as vote
        ) as ballot on ballot.proposal_id = proposal.id and ballot.shard = shard.number
        where proposal.status = 'active'
        group by proposal.id, shard.number
      ) as counted
      full join governance.vote_tallies as tally
        on tally.proposal_id = counted.proposal_id and tally.shard = counted.shard
      where (tally.yes_votes, tally.no_votes, tally.abstain_votes, tally.yes_power, tally.no_power, tally.abstain_power)
        is distinct from (
          counted.yes_votes, counted.no_votes, counted.abstain_votes, counted.yes_power, counted.no_power,
          counted.abstain_power
        )
    $query$
  ),
  (
    'governance.proposals.result',
    'governance',
    'The result that was written down when voting closed is what the ballots add up to; before that it is empty.',
    $query$
      select
        proposal.id::text as subject,
        concat_ws(' ', counted.yes_votes, counted.no_votes, counted.abstain_votes, counted.yes_power, counted.no_power, counted.abstain_power) as expected,
        concat_ws(' ', proposal.yes_votes, proposal.no_votes, proposal.abstain_votes, proposal.yes_power, proposal.no_power, proposal.abstain_power) as found
      from governance.proposals as proposal
      left join lateral (
        select
          count(*) filter (where ballot.vote_type = 'yes') as yes_votes,
          count(*) filter (where ballot.vote_type = 'no') as no_votes,
          count(*) filter (where ballot.vote_type = 'abstain') as abstain_votes,
          coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0) as yes_power,
          coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0) as no_power,
          coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0) as abstain_power
        from governance.votes as ballot
        where ballot.proposal_id = proposal.id
          and proposal.status <> 'active'
      ) as counted on true
      where (
        proposal.yes_votes, proposal.no_votes, proposal.abstain_votes, proposal.yes_power, proposal.no_power,
        proposal.abstain_power
      ) <> (
        counted.yes_votes, counted.no_votes, counted.abstain_votes, counted.yes_power, counted.no_power,
        counted.abstain_power
      )
    $query$
  ),
  (
    'governance.proposals.outcome',
    'governance',
    'Whether a closed proposal passed follows from its result and its thresholds.',
    $query$
      select judged.id::text as subject, judged.outcome as expected, judged.status as found
      from (
        select
          proposal.id,
          proposal.status,
          case
            when proposal.cancelled_at is not null or proposal.snapshot_power is null then 'expired'
            when proposal.yes_power + proposal.no_power + proposal.abstain_power
              < proposal.quorum_threshold * proposal.snapshot_power then 'expired'
            when proposal.yes_power + proposal.no_power = 0 then 'rejected'
            when proposal.yes_power >= proposal.approval_threshold * (proposal.yes_power + proposal.no_power) then 'passed'
            else 'rejected'
          end as outcome
        from governance.proposals as proposal
        where proposal.status in ('passed', 'rejected', 'expired')
      ) as judged
      where judged.status <> judged.outcome
    $query$
  ),
  (
    'governance.comments.reactions',
    'governance',
    'A comment on a proposal counts who likes and who dislikes it.',
    $query$
      select
        comment.proposal_id || ' ' || comment.id as subject,
        '+' || coalesce(counted.likes, 0) || ' -' || coalesce(counted.dislikes, 0) as expected,
        '+' || comment.likes || ' -' || comment.dislikes as found
      from governance.comments as comment
      left join (
        select
          reaction.proposal_id,
          reaction.comment_id,
          count(*) filter (where reaction.value = 1) as likes,
          count(*) filter (where reaction.value = -1) as dislikes
        from governance.comment_votes as reaction
        group by reaction.proposal_id, reaction.comment_id
      ) as counted on counted.proposal_id = comment.proposal_id and counted.comment_id = comment.id
      where comment.likes <> coalesce(counted.likes, 0)
        or comment.dislikes <> coalesce(counted.dislikes, 0)
    $query$
  ),
  (
    'governance.removed_texts.tombstone',
    'governance',
    'A text that was put aside belongs to a comment that is deleted.',
    $query$
      select
        removed.proposal_id || ' ' || removed.comment_id as subject,
        'a deleted comment' as expected,
        'a live one' as found
      from governance.removed_texts as removed
      join governance.comments as comment
        on comment.proposal_id = removed.proposal_id and comment.id = removed.comment_id
      where comment.deleted_at is null
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'governance';
