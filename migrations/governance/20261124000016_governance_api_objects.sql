-- Why: arguments and results have names and descriptions in the API.
-- Changed: governance.schedule_proposal, governance.stake, governance.tally, governance.unstake.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: governance/functions/schedule_proposal.sql
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

-- Object: governance/functions/stake.sql
create or replace function governance.stake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance - p_amount,
      staked_balance = changed.staked_balance + p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.stake(uuid, numeric) is
  E'@name stake_tokens\n@argument amount How much, in whole tokens.\nMoves an amount from the caller''s free balance to the staked one, which may weigh more in votes that open later; votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.stake(uuid, numeric) from public;
grant execute on function governance.stake(uuid, numeric) to stoa_member;

-- Object: governance/functions/tally.sql
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

-- Object: governance/functions/unstake.sql
create or replace function governance.unstake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.staked_balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance + p_amount,
      staked_balance = changed.staked_balance - p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.unstake(uuid, numeric) is
  E'@name unstake_tokens\n@argument amount How much, in whole tokens.\nMoves an amount from the caller''s staked balance back to the free one. Votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.unstake(uuid, numeric) from public;
grant execute on function governance.unstake(uuid, numeric) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: governance/functions/schedule_proposal.sql
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
  'Says when voting on a draft of the caller opens (start, an hour from now or later) and closes (end, 1 to 30 days after start), which fraction of all power must take part (quorum) and which fraction of yes among yes and no carries it (approval). Can be said anew until voting opens. Refuses proposal.period_invalid, proposal.threshold_invalid, proposal.unknown, proposal.not_proposer, proposal.not_draft and token.retired.';

revoke all on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) from public;
grant execute on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) to stoa_member;

-- Object: governance/functions/stake.sql
create or replace function governance.stake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance - p_amount,
      staked_balance = changed.staked_balance + p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.stake(uuid, numeric) is
  E'@name stake_tokens\nMoves an amount from the caller''s free balance to the staked one, which may weigh more in votes that open later; votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.stake(uuid, numeric) from public;
grant execute on function governance.stake(uuid, numeric) to stoa_member;

-- Object: governance/functions/tally.sql
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
  E'@name proposal_tally\nThe result of a proposal in ballots and in power, and the power that could take part. While voting is open it is the running result, which members see only where the setting governance.open_ballots allows it (tally.hidden). Refuses proposal.unknown. Reads sixteen rows while voting is open, one afterwards.';

revoke all on function governance.tally(uuid) from public;
grant execute on function governance.tally(uuid) to stoa_anonymous;

-- Object: governance/functions/unstake.sql
create or replace function governance.unstake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.staked_balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance + p_amount,
      staked_balance = changed.staked_balance - p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.unstake(uuid, numeric) is
  E'@name unstake_tokens\nMoves an amount from the caller''s staked balance back to the free one. Votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.unstake(uuid, numeric) from public;
grant execute on function governance.unstake(uuid, numeric) to stoa_member;

-- End of objects
