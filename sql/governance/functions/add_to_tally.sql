create or replace function governance.add_to_tally(
  p_proposal_id uuid,
  p_shard smallint,
  p_vote_type text,
  p_votes integer,
  p_power numeric
)
returns void
language sql
volatile
begin atomic
  update governance.vote_tallies as tally
  set yes_votes = tally.yes_votes + case when p_vote_type = 'yes' then p_votes else 0 end,
      no_votes = tally.no_votes + case when p_vote_type = 'no' then p_votes else 0 end,
      abstain_votes = tally.abstain_votes + case when p_vote_type = 'abstain' then p_votes else 0 end,
      yes_power = tally.yes_power + case when p_vote_type = 'yes' then p_power else 0 end,
      no_power = tally.no_power + case when p_vote_type = 'no' then p_power else 0 end,
      abstain_power = tally.abstain_power + case when p_vote_type = 'abstain' then p_power else 0 end
  where tally.proposal_id = p_proposal_id
    and tally.shard = p_shard;
end;

comment on function governance.add_to_tally(uuid, smallint, text, integer, numeric) is
  'Internal. Adds ballots and power, both signed, to one choice in one shard of a running tally.';

revoke all on function governance.add_to_tally(uuid, smallint, text, integer, numeric) from public;
