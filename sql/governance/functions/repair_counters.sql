create or replace function governance.repair_counters(p_proposal_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Rows are locked first and counted in a later statement: one statement that does both keeps its old snapshot while
  -- it waits for a lock, and would overwrite what was counted meanwhile.
  perform
  from governance.vote_tallies as tally
  where tally.proposal_id = any (p_proposal_ids)
  order by tally.proposal_id, tally.shard
  for no key update;
  for wrong in
    select tally.proposal_id, tally.shard, cached.name, cached.value, cached.true_value
    from governance.vote_tallies as tally
    cross join lateral (
      select
        count(*) filter (where ballot.vote_type = 'yes') as yes_votes,
        count(*) filter (where ballot.vote_type = 'no') as no_votes,
        count(*) filter (where ballot.vote_type = 'abstain') as abstain_votes,
        coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0) as yes_power,
        coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0) as no_power,
        coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0) as abstain_power
      from governance.votes as ballot
      where ballot.proposal_id = tally.proposal_id
        and governance.tally_shard(ballot.voter_id) = tally.shard
    ) as counted
    cross join lateral (
      values
        ('yes_votes', tally.yes_votes::numeric, counted.yes_votes::numeric),
        ('no_votes', tally.no_votes::numeric, counted.no_votes::numeric),
        ('abstain_votes', tally.abstain_votes::numeric, counted.abstain_votes::numeric),
        ('yes_power', tally.yes_power, counted.yes_power),
        ('no_power', tally.no_power, counted.no_power),
        ('abstain_power', tally.abstain_power, counted.abstain_power)
    ) as cached (name, value, true_value)
    where tally.proposal_id = any (p_proposal_ids)
      and cached.value <> cached.true_value
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'governance.vote_tallies.' || wrong.name,
      jsonb_build_object('proposal_id', wrong.proposal_id, 'shard', wrong.shard),
      wrong.value,
      wrong.true_value
    );
    execute format('update governance.vote_tallies set %I = $1 where proposal_id = $2 and shard = $3', wrong.name)
    using wrong.true_value, wrong.proposal_id, wrong.shard;
    repaired := repaired + 1;
  end loop;

  perform
  from governance.comments as comment
  where comment.proposal_id = any (p_proposal_ids)
  order by comment.proposal_id, comment.id
  for no key update;
  for wrong in
    select comment.proposal_id, comment.id, cached.name, cached.value, cached.true_value
    from governance.comments as comment
    cross join lateral (
      select
        (count(*) filter (where reaction.value = 1))::integer as likes,
        (count(*) filter (where reaction.value = -1))::integer as dislikes
      from governance.comment_votes as reaction
      where reaction.proposal_id = comment.proposal_id and reaction.comment_id = comment.id
    ) as counted
    cross join lateral (
      values ('likes', comment.likes, counted.likes), ('dislikes', comment.dislikes, counted.dislikes)
    ) as cached (name, value, true_value)
    where comment.proposal_id = any (p_proposal_ids)
      and cached.value <> cached.true_value
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'governance.comments.' || wrong.name,
      jsonb_build_object('proposal_id', wrong.proposal_id, 'id', wrong.id),
      wrong.value,
      wrong.true_value
    );
    execute format('update governance.comments set %I = $1 where proposal_id = $2 and id = $3', wrong.name)
    using wrong.true_value, wrong.proposal_id, wrong.id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function governance.repair_counters(uuid[]) is
  'For the worker: recounts the running tallies and the reactions to the comments of these proposals, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many figures it corrected. Voters on these proposals wait meanwhile: call it with some proposals at a time. Results that were written down when voting closed are not touched.';

revoke all on function governance.repair_counters(uuid[]) from public;
grant execute on function governance.repair_counters(uuid[]) to stoa_worker;
