create or replace function governance.open_due_proposals(p_now timestamptz default now(), p_limit integer default 100)
returns integer
language plpgsql
volatile
-- Freezes the holdings of everybody.
security definer
set search_path = ''
as $$
declare
  proposal governance.proposals;
  frozen_power numeric;
  opened integer := 0;
begin
  for proposal in
    select *
    from governance.proposals as due
    where due.status = 'draft'
      and due.voting_start <= p_now
    order by due.voting_start
    limit p_limit
    -- Another worker, or the proposer who is still writing: left for the next minute.
    for update skip locked
  loop
    frozen_power := null;
    if proposal.voting_end > p_now then
      begin
        -- Not user_tokens.voting_power: after a change of weights a job is still working on that.
        with electorate as (
          insert into governance.voting_snapshots (proposal_id, user_id, voting_power)
          select
            proposal.id,
            holding.user_id,
            governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight)
          from governance.user_tokens as holding
          join governance.tokens as token on token.id = holding.token_id
          where holding.token_id = proposal.token_id
            and governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight) > 0
          returning voting_power
        )
        select sum(electorate.voting_power)::numeric(78, 18) into frozen_power from electorate;
      exception
        when numeric_value_out_of_range then
          -- More power than 78 digits can hold can never be counted, and must not keep the others from opening.
          frozen_power := null;
      end;
    end if;

    if frozen_power is null then
      update governance.proposals as expired
      set status = 'expired',
          closed_at = now()
      where expired.id = proposal.id;
      perform audit.record('proposal.expire', 'governance.proposals', proposal.id);
      perform notifications.notify(
        proposal.proposer_id, 'proposal', 'Your proposal could not open: ' || proposal.title,
        'Nobody holds voting power in its token, or its period had passed.',
        jsonb_build_object('proposal_id', proposal.id)
      );
    else
      insert into governance.vote_tallies (proposal_id, shard)
      select proposal.id, shard
      from generate_series(0, 15) as shard;
      update governance.proposals as active
      set status = 'active',
          snapshot_at = now(),
          snapshot_power = frozen_power
      where active.id = proposal.id;
      perform audit.record('proposal.open', 'governance.proposals', proposal.id);
      perform notifications.notify(
        proposal.proposer_id, 'proposal', 'Voting is open: ' || proposal.title, null,
        jsonb_build_object('proposal_id', proposal.id)
      );
      opened := opened + 1;
    end if;
  end loop;
  return opened;
end
$$;

comment on function governance.open_due_proposals(timestamptz, integer) is
  'For the worker, every minute: opens the scheduled proposals whose time has come. The power of every holder is frozen in one statement, so a transfer counts on one side or the other, never on both. A proposal whose token nobody holds, or whose period has passed, expires. Can run twice at once and any number of times. Returns how many it opened. Writes a row for each holder.';

revoke all on function governance.open_due_proposals(timestamptz, integer) from public;
grant execute on function governance.open_due_proposals(timestamptz, integer) to stoa_worker;
