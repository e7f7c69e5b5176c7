import { type LoadModule, share } from './step.ts';

/**
 * A token that every fifth member holds, moved in the ledger, and proposals in each state, of which those that opened
 * froze the powers of all holders.
 */
export const governance: LoadModule = {
  schemas: ['governance', 'ledger'],
  bulk: ['governance.user_tokens', 'governance.voting_snapshots', 'governance.votes', 'ledger.transactions'],
  steps: (plan) => {
    const { members, nowMs, seed } = plan;
    const holders = Math.max(100, Math.floor(members / 5));
    const proposals = share(plan, 16, 8);
    const startMs = nowMs - 95 * 86_400_000;
    const token = `pg_temp.id_at(${startMs}, 0, 80)`;
    const deposit = (n: string): string => `(10 + pg_temp.dice(${n}, 81) % 5000)`;
    // Each tenth holder passes a quarter on to the next one.
    const passed = (n: string): string => `(${deposit(n)} / 4)`;
    const gives = (n: string): string => `(${n} % 10 = 0 and ${n} + 1 < ${holders})`;
    const proposal = `pg_temp.id_at(${startMs} + k, k, 82)`;
    const movedMs = '(n % 1000 + 1000)';
    return [
      {
        name: 'tokens',
        statements: [
          `insert into governance.tokens
             (id, symbol, name, decimals, total_supply, circulating_supply, balance_weight, stake_weight, inserted_at, updated_at)
           values (
             ${token}, 'LOAD${seed}', 'Load token ${seed}', 18, 1000000000, 1000000000, 1, 1.5,
             pg_temp.moment(${startMs}), pg_temp.moment(${startMs})
           )`,
        ],
      },
      {
        name: 'movements of tokens',
        statements: [
          `insert into ledger.transactions (user_id, id, token_id, type, status, amount, currency, inserted_at, updated_at)
           select
             pg_temp.person(n), pg_temp.id_at(${startMs} + n % 1000, n, 83), ${token}, 'deposit', 'confirmed', ${deposit('n')},
             'LOAD${seed}', pg_temp.moment(${startMs} + n % 1000), pg_temp.moment(${startMs} + n % 1000)
           from generate_series(0::bigint, ${holders - 1}) as n
           order by 1`,
          `insert into ledger.transactions
             (user_id, id, counterparty_id, transfer_id, token_id, type, status, amount, currency, inserted_at, updated_at)
           select
             pg_temp.person(n + leg.taker), pg_temp.id_at(${startMs} + ${movedMs}, n * 2 + leg.taker, 84),
             pg_temp.person(n + 1 - leg.taker), pg_temp.id_at(${startMs} + ${movedMs}, n, 85), ${token}, 'transfer', 'confirmed',
             leg.sign * ${passed('n')}, 'LOAD${seed}', pg_temp.moment(${startMs} + ${movedMs}), pg_temp.moment(${startMs} + ${movedMs})
           from generate_series(0::bigint, ${holders - 1}, 10) as n
           cross join (values (0, -1), (1, 1)) as leg (taker, sign)
           where ${gives('n')}`,
        ],
      },
      {
        name: 'holdings',
        statements: [
          `insert into governance.user_tokens
             (user_id, token_id, balance, staked_balance, voting_power, last_updated, inserted_at, updated_at)
           select
             pg_temp.person(held.n), ${token}, held.amount - held.staked, held.staked,
             governance.power_of(held.amount - held.staked, held.staked, 1, 1.5),
             pg_temp.moment(${startMs} + 2000), pg_temp.moment(${startMs}), pg_temp.moment(${startMs} + 2000)
           from (
             select counted.n, counted.amount, case when counted.n % 3 = 0 then counted.amount / 5 else 0 end as staked
             from (
               select
                 n,
                 ${deposit('n')}
                 - case when ${gives('n')} then ${passed('n')} else 0 end
                 + case when n % 10 = 1 then ${passed('(n - 1)')} else 0 end as amount
               from generate_series(0::bigint, ${holders - 1}) as n
             ) as counted
           ) as held
           order by 1`,
        ],
      },
      {
        name: 'proposals',
        // Of each eight: a draft, three that are voted on, and one each that passed, failed, lapsed, was cancelled.
        statements: [
          `create temporary table load_proposals on commit drop as
           select
             k, ${proposal} as id,
             (array['draft', 'active', 'active', 'active', 'passed', 'rejected', 'expired', 'cancelled'])[1 + k % 8] as state,
             case when k % 8 < 4 then ${nowMs} - 2 * 86400000::bigint else ${nowMs} - (20 + k % 40) * 86400000::bigint end as opens_ms
           from generate_series(0::bigint, ${proposals - 1}) as k`,
          `insert into governance.proposals
             (id, proposer_id, token_id, title, description, voting_start, voting_end, inserted_at, updated_at)
           select
             planned.id, pg_temp.person(planned.k), ${token}, pg_temp.words(planned.k, 86),
             concat_ws(' ', pg_temp.words(planned.k, 87), pg_temp.words(planned.k, 88)),
             case when planned.state <> 'draft' then pg_temp.moment(planned.opens_ms) end,
             case when planned.state <> 'draft' then pg_temp.moment(planned.opens_ms + 7 * 86400000) end,
             pg_temp.moment(planned.opens_ms - 86400000), pg_temp.moment(planned.opens_ms - 86400000)
           from load_proposals as planned`,
        ],
      },
      {
        name: 'frozen powers',
        statements: [
          `insert into governance.voting_snapshots (proposal_id, user_id, voting_power)
           select planned.id, holding.user_id, holding.voting_power
           from load_proposals as planned
           join governance.user_tokens as holding on holding.token_id = ${token} and holding.voting_power > 0
           where planned.state <> 'draft'`,
        ],
      },
      {
        name: 'ballots',
        // Holders come in the order in which they joined: the first so many of them vote.
        statements: [
          `insert into governance.votes (proposal_id, voter_id, vote_type, voting_power, inserted_at, updated_at)
           select
             planned.id, pg_temp.person(n),
             case
               when drawn.share < 0.08 then 'abstain'
               when drawn.share < case planned.state when 'rejected' then 0.3 else 0.75 end then 'yes'
               else 'no'
             end,
             holder.voting_power, pg_temp.moment(planned.opens_ms + n), pg_temp.moment(planned.opens_ms + n)
           from load_proposals as planned
           cross join lateral generate_series(
             0::bigint,
             case planned.state when 'draft' then -1 when 'expired' then ${Math.floor(holders * 0.05)} else ${Math.floor(holders * 0.6)} end
           ) as n
           cross join lateral (select pg_temp.chance(planned.k * 1000003 + n, 89) as share) as drawn
           join governance.user_tokens as holder on holder.user_id = pg_temp.person(n) and holder.token_id = ${token}`,
        ],
      },
      {
        name: 'results',
        statements: [
          `update governance.proposals as proposal
           set status = case planned.state when 'cancelled' then 'expired' else planned.state end,
               snapshot_at = pg_temp.moment(planned.opens_ms),
               snapshot_power = frozen.power,
               closed_at = case when planned.state <> 'active' then pg_temp.moment(planned.opens_ms + 7 * 86400000) end,
               cancelled_at = case when planned.state = 'cancelled' then pg_temp.moment(planned.opens_ms + 7 * 86400000) end
           from load_proposals as planned
           join (
             select proposal_id, sum(voting_power) as power from governance.voting_snapshots group by proposal_id
           ) as frozen on frozen.proposal_id = planned.id
           where proposal.id = planned.id and planned.state <> 'draft'`,
          `update governance.proposals as proposal
           set total_votes = counted.total_votes,
               yes_votes = counted.yes_votes,
               no_votes = counted.no_votes,
               abstain_votes = counted.abstain_votes,
               yes_power = counted.yes_power,
               no_power = counted.no_power,
               abstain_power = counted.abstain_power
           from (
             select
               ballot.proposal_id,
               count(*) as total_votes,
               count(*) filter (where ballot.vote_type = 'yes') as yes_votes,
               count(*) filter (where ballot.vote_type = 'no') as no_votes,
               count(*) filter (where ballot.vote_type = 'abstain') as abstain_votes,
               coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0) as yes_power,
               coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0) as no_power,
               coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0) as abstain_power
             from governance.votes as ballot
             join load_proposals as planned on planned.id = ballot.proposal_id and planned.state <> 'active'
             group by ballot.proposal_id
           ) as counted
           where proposal.id = counted.proposal_id`,
          `insert into governance.vote_tallies
             (proposal_id, shard, yes_votes, no_votes, abstain_votes, yes_power, no_power, abstain_power)
           select
             planned.id, shard,
             count(*) filter (where ballot.vote_type = 'yes'),
             count(*) filter (where ballot.vote_type = 'no'),
             count(*) filter (where ballot.vote_type = 'abstain'),
             coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0),
             coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0),
             coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0)
           from load_proposals as planned
           cross join generate_series(0, 15) as shard
           left join governance.votes as ballot
             on ballot.proposal_id = planned.id and governance.tally_shard(ballot.voter_id) = shard
           where planned.state = 'active'
           group by planned.id, shard`,
        ],
      },
      {
        name: 'comments on proposals',
        statements: [
          `insert into governance.comments (proposal_id, id, user_id, content, likes, inserted_at, updated_at)
           select
             planned.id, pg_temp.id_at(planned.opens_ms + n, planned.k * 1009 + n, 90), pg_temp.person(planned.k + n),
             pg_temp.words(planned.k * 1009 + n, 91), n % 3, pg_temp.moment(planned.opens_ms + n),
             pg_temp.moment(planned.opens_ms + n)
           from load_proposals as planned
           cross join generate_series(1::bigint, 40) as n
           where planned.state <> 'draft'`,
          `insert into governance.comment_votes (proposal_id, comment_id, user_id, value, inserted_at)
           select
             planned.id, pg_temp.id_at(planned.opens_ms + n, planned.k * 1009 + n, 90), pg_temp.person(seat), 1,
             pg_temp.moment(planned.opens_ms + n + 1)
           from load_proposals as planned
           cross join generate_series(1::bigint, 40) as n
           cross join lateral generate_series(1, n % 3) as seat
           where planned.state <> 'draft'`,
        ],
      },
    ];
  },
};
