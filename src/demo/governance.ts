import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';

export interface GovernanceCounts {
  readonly tokens: number;
  readonly movements: number;
  readonly proposals: number;
  readonly ballots: number;
}

const dayMs = 86_400_000;

type State = 'draft' | 'scheduled' | 'active' | 'passed' | 'rejected' | 'expired' | 'cancelled';

interface Plan {
  readonly state: State;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  /** Days from now; voting is open for a week. */
  readonly opensIn: number;
  /** How many of the holders vote, and how many of those for it. */
  readonly turnout: number;
  readonly approval: number;
}

const plans: readonly Plan[] = [
  {
    state: 'draft',
    title: 'A shelf for tools that anybody may borrow',
    description: 'Not finished: where it stands, and who keeps the list.',
    type: 'general',
    opensIn: 0,
    turnout: 0,
    approval: 0,
  },
  {
    state: 'scheduled',
    title: 'Quiet hours from ten to seven',
    description: 'No notifications of forums at night, unless somebody asks for them.',
    type: 'parameter',
    opensIn: 2,
    turnout: 0,
    approval: 0,
  },
  {
    state: 'active',
    title: 'Two more moderators for the help forum',
    description: 'Questions wait for a day at the weekend. Two people have offered to help.',
    type: 'membership',
    opensIn: -3,
    turnout: 0.5,
    approval: 0.7,
  },
  {
    state: 'passed',
    title: 'Pay for the server until next summer',
    description: 'The bill is known, the reserve covers it.',
    type: 'treasury',
    opensIn: -25,
    turnout: 0.8,
    approval: 0.95,
  },
  {
    state: 'rejected',
    title: 'Charge a fee for new groups',
    description: 'It would keep empty groups away, and newcomers as well.',
    type: 'parameter',
    opensIn: -20,
    turnout: 0.8,
    approval: 0.05,
  },
  {
    state: 'expired',
    title: 'Rename the announcements forum',
    description: 'To what, is left open.',
    type: 'general',
    opensIn: -16,
    turnout: 0.05,
    approval: 1,
  },
  {
    state: 'cancelled',
    title: 'Move to a new client at once',
    description: 'Withdrawn: the old one works again.',
    type: 'upgrade',
    opensIn: -12,
    turnout: 0.3,
    approval: 0.5,
  },
];

const remarks = [
  'I would have liked more time to think.',
  'Clear and short. Yes from me.',
  'Who keeps an eye on the costs?',
  'We tried that two years ago.',
  'Thank you for writing it up.',
];

/** Deposits and transfers; a trigger makes the balances of them. */
async function fillLedger(
  client: ClientBase,
  chance: Chance,
  holders: readonly Person[],
  token: { readonly id: string; readonly symbol: string },
  now: Date,
): Promise<number> {
  const held = new Map(holders.map((person) => [person, 200 + chance.below(1_800)]));
  const start = now.getTime() - 60 * dayMs;
  const deposits = holders.map((person, index) => {
    const at = new Date(start + index * 60_000);
    return {
      user_id: person.id,
      id: chance.idAt(at),
      counterparty_id: null,
      transfer_id: null,
      token_id: token.id,
      type: 'deposit',
      status: 'confirmed',
      amount: held.get(person),
      currency: token.symbol,
      description: null,
      inserted_at: at,
      updated_at: at,
    };
  });
  const transfers = holders.slice(1).flatMap((person, index) => {
    const other = holders[index];
    if (!other || index % 3 !== 0) return [];
    const at = new Date(start + (2 + index) * dayMs);
    const pair = chance.idAt(at);
    const amount = 1 + chance.below(Math.floor((held.get(person) ?? 0) / 3));
    return [
      { from: person, to: other, amount: -amount },
      { from: other, to: person, amount },
    ].map((leg) => ({
      user_id: leg.from.id,
      id: chance.idAt(at),
      counterparty_id: leg.to.id,
      transfer_id: pair,
      token_id: token.id,
      type: 'transfer',
      status: 'confirmed',
      amount: leg.amount,
      currency: token.symbol,
      description: 'For the tickets',
      inserted_at: at,
      updated_at: at,
    }));
  });
  await insertRows(client, 'ledger.transactions', [...deposits, ...transfers]);
  // Every third holder has staked half of what there is.
  await client.query(
    `update governance.user_tokens
     set balance = balance - floor(balance / 2), staked_balance = floor(balance / 2)
     where token_id = $1 and user_id = any ($2)`,
    [token.id, holders.filter((_, index) => index % 3 === 1).map(({ id }) => id)],
  );
  await client.query(
    `update governance.user_tokens set inserted_at = $2, last_updated = $2 where token_id = $1`,
    [token.id, new Date(start)],
  );
  return deposits.length + transfers.length;
}

/** Everything about a proposal but its result: as a draft, which may still change. */
async function fillProposals(
  client: ClientBase,
  chance: Chance,
  holders: readonly Person[],
  tokenId: string,
  now: Date,
): Promise<number> {
  const proposals = plans.map((plan) => {
    const opens = new Date(now.getTime() + plan.opensIn * dayMs);
    const made = new Date(Math.min(opens.getTime(), now.getTime()) - dayMs);
    return { plan, opens, made, closes: new Date(opens.getTime() + 7 * dayMs), id: chance.idAt(made) };
  });
  await insertRows(
    client,
    'governance.proposals',
    proposals.map(({ plan, opens, closes, made, id }, index) => ({
      id,
      proposer_id: holders[index % holders.length]?.id,
      token_id: tokenId,
      title: plan.title,
      description: plan.description,
      type: plan.type,
      voting_start: plan.state === 'draft' ? null : opens,
      voting_end: plan.state === 'draft' ? null : closes,
      inserted_at: made,
      updated_at: made,
    })),
  );
  const opened = proposals.filter(({ plan }) => plan.opensIn < 0);
  await client.query(
    `insert into governance.voting_snapshots (proposal_id, user_id, voting_power)
     select proposal.id, holding.user_id, holding.voting_power
     from unnest($1::uuid[]) as proposal (id)
     join governance.user_tokens as holding on holding.token_id = $2 and holding.voting_power > 0`,
    [opened.map(({ id }) => id), tokenId],
  );
  await client.query(
    `insert into governance.vote_tallies (proposal_id, shard)
     select proposal.id, shard
     from unnest($1::uuid[]) as proposal (id), generate_series(0, 15) as shard`,
    [opened.filter(({ plan }) => plan.state === 'active').map(({ id }) => id)],
  );
  const ballots = opened.flatMap(({ id, plan, opens }) =>
    holders.slice(0, Math.max(1, Math.round(holders.length * plan.turnout))).map((person, index) => ({
      proposal_id: id,
      voter_id: person.id,
      vote_type:
        index % 9 === 8 ? 'abstain' : index < holders.length * plan.turnout * plan.approval ? 'yes' : 'no',
      reason: chance.next() < 0.2 ? chance.pick(remarks) : null,
      cast_at: new Date(opens.getTime() + 3_600_000 * (1 + chance.below(60))),
    })),
  );
  await client.query(
    `insert into governance.votes (proposal_id, voter_id, vote_type, voting_power, reason, inserted_at, updated_at)
     select ballot.proposal_id, ballot.voter_id, ballot.vote_type, holder.voting_power, ballot.reason, ballot.cast_at, ballot.cast_at
     from jsonb_to_recordset($1)
       as ballot (proposal_id uuid, voter_id uuid, vote_type text, reason text, cast_at timestamptz)
     join governance.voting_snapshots as holder
       on holder.proposal_id = ballot.proposal_id and holder.user_id = ballot.voter_id`,
    [JSON.stringify(ballots)],
  );
  await client.query(
    `update governance.proposals as proposal
     set status = case planned.state when 'cancelled' then 'expired' else planned.state end,
         snapshot_at = proposal.voting_start,
         snapshot_power = (
           select sum(holder.voting_power)
           from governance.voting_snapshots as holder
           where holder.proposal_id = proposal.id
         ),
         closed_at = case when planned.state <> 'active' then least(proposal.voting_end, $2) end,
         cancelled_at = case when planned.state = 'cancelled' then least(proposal.voting_end, $2) end,
         total_votes = coalesce(counted.yes_votes + counted.no_votes + counted.abstain_votes, 0),
         yes_votes = coalesce(counted.yes_votes, 0),
         no_votes = coalesce(counted.no_votes, 0),
         abstain_votes = coalesce(counted.abstain_votes, 0),
         yes_power = coalesce(counted.yes_power, 0),
         no_power = coalesce(counted.no_power, 0),
         abstain_power = coalesce(counted.abstain_power, 0)
     from jsonb_to_recordset($1) as planned (id uuid, state text)
     left join lateral (
       select
         count(*) filter (where ballot.vote_type = 'yes') as yes_votes,
         count(*) filter (where ballot.vote_type = 'no') as no_votes,
         count(*) filter (where ballot.vote_type = 'abstain') as abstain_votes,
         coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0) as yes_power,
         coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0) as no_power,
         coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0) as abstain_power
       from governance.votes as ballot
       where ballot.proposal_id = planned.id and planned.state <> 'active'
     ) as counted on true
     where proposal.id = planned.id`,
    [JSON.stringify(opened.map(({ id, plan }) => ({ id, state: plan.state }))), now],
  );
  const comments = opened.flatMap(({ id, opens }) =>
    chance.several(holders, 3).map((person, index) => {
      const at = new Date(opens.getTime() + (1 + index) * 7_200_000);
      return {
        proposal_id: id,
        id: chance.idAt(at),
        user_id: person.id,
        content: chance.pick(remarks),
        inserted_at: at,
        updated_at: at,
      };
    }),
  );
  await insertRows(client, 'governance.comments', comments);
  await insertRows(
    client,
    'governance.comment_votes',
    comments.flatMap((comment) =>
      chance.several(holders, chance.below(6)).map((person) => ({
        proposal_id: comment.proposal_id,
        comment_id: comment.id,
        user_id: person.id,
        value: chance.next() < 0.8 ? 1 : -1,
        inserted_at: comment.inserted_at,
      })),
    ),
  );
  return ballots.length;
}

/** Two tokens, what people hold of the first one, and a proposal in each state that a proposal can have. */
export async function fillGovernance(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  now: Date,
): Promise<GovernanceCounts> {
  const holders = people.slice(0, Math.max(3, Math.round(people.length * 0.7)));
  const issued = new Date(now.getTime() - 61 * dayMs);
  const tokens = [
    { symbol: 'LEAF', name: 'Leaf', stake_weight: 1.5, description: 'A voice in what happens here.' },
    { symbol: 'TEA', name: 'Tea round', stake_weight: 1, description: 'Thanks, to be handed on.' },
  ].map((token) => ({ id: chance.idAt(issued), ...token }));
  await insertRows(
    client,
    'governance.tokens',
    tokens.map((token) => ({
      ...token,
      network: 'internal',
      decimals: 2,
      display_scale: 2,
      total_supply: 1_000_000_000,
      circulating_supply: 1_000_000_000,
      balance_weight: 1,
      inserted_at: issued,
      updated_at: issued,
    })),
  );
  const [voice] = tokens;
  if (!voice) throw new Error('no token was made');
  const movements = await fillLedger(client, chance, holders, voice, now);
  const ballots = await fillProposals(client, chance, holders, voice.id, now);
  return { tokens: tokens.length, movements, proposals: plans.length, ballots };
}
