create or replace function governance.count_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a ballot; the tally is nobody's to write.
security definer
set search_path = ''
as $$
declare
  change record;
begin
  -- Shard by shard in the order of their keys: two statements with many ballots each do not deadlock.
  if tg_op = 'INSERT' then
    for change in
      select
        added.proposal_id,
        governance.tally_shard(added.voter_id) as shard,
        added.vote_type,
        count(*)::integer as votes,
        sum(added.voting_power) as power
      from added
      group by 1, 2, 3
      order by 1, 2, 3
    loop
      perform governance.add_to_tally(change.proposal_id, change.shard, change.vote_type, change.votes, change.power);
    end loop;
  elsif tg_op = 'DELETE' then
    for change in
      select
        removed.proposal_id,
        governance.tally_shard(removed.voter_id) as shard,
        removed.vote_type,
        -count(*)::integer as votes,
        -sum(removed.voting_power) as power
      from removed
      group by 1, 2, 3
      order by 1, 2, 3
    loop
      perform governance.add_to_tally(change.proposal_id, change.shard, change.vote_type, change.votes, change.power);
    end loop;
  else
    for change in
      select
        changed.proposal_id,
        governance.tally_shard(changed.voter_id) as shard,
        changed.vote_type,
        sum(changed.step)::integer as votes,
        sum(changed.step * changed.voting_power) as power
      from (
        select added.proposal_id, added.voter_id, added.vote_type, added.voting_power, 1 as step from added
        union all
        select removed.proposal_id, removed.voter_id, removed.vote_type, removed.voting_power, -1 from removed
      ) as changed
      group by 1, 2, 3
      having sum(changed.step) <> 0 or sum(changed.step * changed.voting_power) <> 0
      order by 1, 2, 3
    loop
      perform governance.add_to_tally(change.proposal_id, change.shard, change.vote_type, change.votes, change.power);
    end loop;
  end if;
  return null;
end
$$;

comment on function governance.count_votes() is
  'Trigger. Keeps the running tally as differences: an update for each choice that changed in a shard. Ballots of a proposal that is closed find no shard, and the result that was written down stays.';

revoke all on function governance.count_votes() from public;
