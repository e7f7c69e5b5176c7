import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf, refusal } from '../refusal.ts';
import {
  type Ballot,
  fromAttos,
  type Person,
  type Proposal,
  pick,
  random,
  type Scene,
  scene,
  type Token,
  toAttos,
} from './scene.ts';

let world: Scene;
let admin: Person;
beforeAll(async () => {
  world = await scene();
  admin = await world.person('admin');
});

async function electorate(amounts: readonly string[], settings = {}): Promise<[Token, Person[]]> {
  const token = await world.token(settings);
  const holders = await world.people(amounts.length);
  for (const [index, holder] of holders.entries()) await world.fund(holder, token, amounts[index] ?? '1');
  return [token, holders];
}

/** Opens with a proposer who may propose whatever they hold, and weighs nothing by it. */
async function open(token: Token, terms: { quorum?: string; approval?: string } = {}): Promise<Proposal> {
  await world.db.query(`update core.settings set value = '0' where key = 'governance.min_power_to_propose'`);
  return world.open(await world.person(), token, terms);
}

describe('a ballot', () => {
  it('weighs what its voter held when the proposal opened, whatever moved since', async () => {
    const [token, [ada, ben, late]] = await electorate(['5', '3', '0.5'], { stake_weight: '10' });
    if (!ada || !ben || !late) throw new Error('nobody there');
    await ben.call('governance.stake', { token_id: token.id, amount: '1' });
    const proposal = await open(token);
    expect(proposal.snapshot_power).toBe('17.500000000000000000');

    // Everything goes to somebody who was not there, is staked, paid out, and weighed anew.
    const newcomer = await world.person();
    await ada.call('ledger.transfer', { to_user_id: newcomer.id, token_id: token.id, amount: '5' });
    await ben.call('governance.unstake', { token_id: token.id, amount: '1' });
    await late.call('governance.stake', { token_id: token.id, amount: '0.5' });
    await admin.call('governance.update_token', { token_id: token.id, patch: { balance_weight: '100' } });
    await world.worker.call('governance.recompute_power', { token_id: token.id });

    const weights = [];
    for (const voter of [ada, ben, late])
      weights.push((await world.vote(voter, proposal, 'yes')).voting_power);
    expect(weights).toEqual(['5.000000000000000000', '12.000000000000000000', '0.500000000000000000']);
    expect(await refusal(world.vote(newcomer, proposal, 'no'))).toMatchObject({
      sqlstate: 'ST403',
      reason: 'ballot.no_power',
    });
    await world.close();
    expect(await world.proposalNow(proposal.id)).toMatchObject({
      yes_power: '17.500000000000000000',
      status: 'passed',
    });
  });

  it('is weighed with the newest weights at the opening, although the job is still working', async () => {
    const [token, [ada]] = await electorate(['2']);
    if (!ada) throw new Error('nobody there');
    await admin.call('governance.update_token', { token_id: token.id, patch: { balance_weight: '3' } });
    expect((await world.holding(ada, token)).voting_power).toBe('2.000000000000000000');
    expect((await open(token)).snapshot_power).toBe('6.000000000000000000');
  });

  it('can be changed and withdrawn until the end, and counts once', async () => {
    const [token, [ada, ben]] = await electorate(['2', '3']);
    if (!ada || !ben) throw new Error('nobody there');
    const proposal = await open(token);
    await world.openBallots(true);
    const tally = async () => {
      const counted = await ada.call('governance.tally', { proposal_id: proposal.id });
      return [
        counted['total_votes'],
        counted['yes_power'],
        counted['no_power'],
        counted['abstain_power'],
      ].map(String);
    };
    const power = (amount: number) => `${amount}.000000000000000000`;
    await world.vote(ada, proposal, 'yes');
    await world.vote(ben, proposal, 'yes');
    expect(await tally()).toEqual(['2', power(5), power(0), power(0)]);
    await ada.call<Ballot>('governance.cast_vote', {
      proposal_id: proposal.id,
      vote_type: 'no',
      reason: 'Dear.',
    });
    expect(await tally()).toEqual(['2', power(3), power(2), power(0)]);
    await world.vote(ada, proposal, 'abstain');
    expect(await tally()).toEqual(['2', power(3), power(0), power(2)]);
    await world.vote(ada, proposal, 'abstain');
    expect(await ben.call<Ballot>('governance.withdraw_vote', { proposal_id: proposal.id })).toMatchObject({
      vote_type: 'yes',
    });
    expect(await tally()).toEqual(['1', power(0), power(0), power(2)]);
    expect(await reasonOf(ben.call('governance.withdraw_vote', { proposal_id: proposal.id }))).toBe(
      'ballot.unknown',
    );
    await world.openBallots(false);
    await world.close();
    expect(await world.proposalNow(proposal.id)).toMatchObject({
      total_votes: 1,
      abstain_votes: 1,
      abstain_power: power(2),
      status: 'rejected',
    });
  });

  it('is refused after the end, although the worker has not closed yet', async () => {
    const [token, [ada]] = await electorate(['2']);
    if (!ada) throw new Error('nobody there');
    const proposal = await open(token);
    await world.vote(ada, proposal, 'yes');
    await world.letTimePass(proposal);
    expect(await refusal(world.vote(ada, proposal, 'no'))).toMatchObject({
      sqlstate: 'ST423',
      reason: 'proposal.closed',
    });
    expect(await reasonOf(ada.call('governance.withdraw_vote', { proposal_id: proposal.id }))).toBe(
      'proposal.closed',
    );
    await world.worker.call('governance.close_due_proposals');
    expect(await world.proposalNow(proposal.id)).toMatchObject({ status: 'passed', yes_votes: 1 });
  });

  it('is yes, no or abstain, on a proposal that is open', async () => {
    const [token, [ada]] = await electorate(['2']);
    if (!ada) throw new Error('nobody there');
    const draft = await world.draft(ada, token);
    expect(await reasonOf(world.vote(ada, draft, 'yes'))).toBe('proposal.closed');
    const proposal = await open(token);
    expect(await reasonOf(world.vote(ada, proposal, 'maybe'))).toBe('ballot.choice_invalid');
    expect(await reasonOf(world.vote(ada, { ...proposal, id: ada.id }, 'yes'))).toBe('proposal.unknown');
    expect(await reasonOf(world.vote(await world.person(), draft, 'yes'))).toBe('proposal.unknown');
  });

  it('cannot exist without a place in the snapshot', async () => {
    const [token] = await electorate(['2']);
    const proposal = await open(token);
    await expect(
      world.db.query(
        `insert into governance.votes (proposal_id, voter_id, vote_type, voting_power) values ($1, $2, 'yes', 1)`,
        [proposal.id, admin.id],
      ),
    ).rejects.toMatchObject({ constraint: 'votes_snapshot_fkey' });
  });

  it("is its voter's secret until voting closes, and then everybody's to check", async () => {
    const [token, [ada, ben]] = await electorate(['2', '3']);
    if (!ada || !ben) throw new Error('nobody there');
    const proposal = await open(token);
    await world.vote(ada, proposal, 'yes');
    const ballots = async (who: Person) =>
      (await who.read('select voter_id from governance.votes where proposal_id = $1', [proposal.id])).length;
    const everybody = [ada, ben, admin, world.visitor()];
    const seen = () => Promise.all(everybody.map(ballots));
    expect(await seen()).toEqual([1, 0, 0, 0]);
    expect(await refusal(ben.call('governance.tally', { proposal_id: proposal.id }))).toMatchObject({
      sqlstate: 'ST403',
      reason: 'tally.hidden',
    });
    await world.openBallots(true);
    expect(await seen()).toEqual([1, 1, 1, 0]);
    expect(await reasonOf(world.visitor().call('governance.tally', { proposal_id: proposal.id }))).toBe(
      'tally.hidden',
    );
    await world.openBallots(false);

    const mine = (who: Person) =>
      who.read(
        `select (governance.proposals_my_ballot(proposal)).vote_type, governance.proposals_my_power(proposal) as power
         from governance.proposals as proposal where id = $1`,
        [proposal.id],
      );
    expect(await mine(ada)).toEqual([{ vote_type: 'yes', power: '2.000000000000000000' }]);
    expect(await mine(ben)).toEqual([{ vote_type: null, power: '3.000000000000000000' }]);
    expect(await mine(admin)).toEqual([{ vote_type: null, power: null }]);

    await world.close();
    expect(await seen()).toEqual([1, 1, 1, 1]);
    expect(await world.visitor().call('governance.tally', { proposal_id: proposal.id })).toMatchObject({
      total_votes: 1,
      is_final: true,
      snapshot_power: '5.000000000000000000',
    });
    expect(
      await ben.read('select from governance.voting_snapshots where proposal_id = $1', [proposal.id]),
    ).toHaveLength(2);
  });
});

describe('the count', () => {
  it('is exact to the last of 78 digits, running and final', async () => {
    const chance = random(7);
    const digits = (count: number) => Array.from({ length: count }, () => Math.floor(chance() * 10)).join('');
    // Twenty holders of up to 58 digits before the point, and one who brings the sum to 60.
    const amounts = Array.from(
      { length: 20 },
      () => `${digits(1 + Math.floor(chance() * 58))}.${digits(17)}1`,
    );
    amounts.push(`8${digits(59)}.${digits(17)}7`);
    const [token, holders] = await electorate(amounts);
    const proposal = await open(token, { quorum: '0', approval: '0.5' });
    const total = amounts.reduce((sum, amount) => sum + toAttos(amount), 0n);
    expect(proposal.snapshot_power).toBe(fromAttos(total));
    expect(fromAttos(total).replace('.', '')).toHaveLength(78);

    await world.openBallots(true);
    const choices = new Map<number, string>();
    for (let step = 0; step < 80; step += 1) {
      const voter = Math.floor(chance() * holders.length);
      const person = pick(holders, voter / holders.length);
      const choice = pick(['yes', 'no', 'abstain', 'withdraw'], chance());
      if (choice !== 'withdraw') {
        await world.vote(person, proposal, choice);
        choices.set(voter, choice);
      } else if (choices.delete(voter)) {
        await person.call('governance.withdraw_vote', { proposal_id: proposal.id });
      }
    }
    const sum = (choice: string) =>
      [...choices].reduce(
        (power, [voter, made]) => power + (made === choice ? toAttos(amounts[voter] ?? '') : 0n),
        0n,
      );
    const wanted = {
      total_votes: choices.size,
      yes_power: fromAttos(sum('yes')),
      no_power: fromAttos(sum('no')),
      abstain_power: fromAttos(sum('abstain')),
    };
    expect(await admin.call('governance.tally', { proposal_id: proposal.id })).toMatchObject({
      ...wanted,
      is_final: false,
    });
    await world.openBallots(false);
    expect(await world.drift()).toEqual([]);
    await world.close();
    expect(await world.proposalNow(proposal.id)).toMatchObject(wanted);
    expect(
      await world.rows('select from governance.vote_tallies where proposal_id = $1', [proposal.id]),
    ).toEqual([]);
  });

  type Ballots = Readonly<Record<string, string>>;
  const half = '0.500000000000000000';
  it.each<[string, string, string, Ballots, string, string]>([
    ['exactly the quorum is enough', '0.2', '0.5', { yes: '0.2' }, '0.8', 'passed'],
    ['an atto less is not', '0.2', '0.5', { yes: '0.199999999999999999' }, '0.800000000000000001', 'expired'],
    ['abstaining counts for the quorum', '0.2', '0.5', { yes: '0.1', abstain: '0.1' }, '0.8', 'passed'],
    [
      'a quorum of a third that no decimal holds',
      '0.333333',
      '0.5',
      { yes: '0.999999' },
      '2.000001',
      'passed',
    ],
    [
      'and an atto less',
      '0.333333',
      '0.5',
      { yes: '0.999998999999999999' },
      '2.000001000000000001',
      'expired',
    ],
    ['all must take part', '1', '0.5', { yes: '1', no: '0.000000000000000001' }, '0', 'passed'],
    ['all but an atto did', '1', '0.5', { yes: '1' }, '0.000000000000000001', 'expired'],
    ['exactly the approval is enough', '0', '0.5', { yes: half, no: half }, '0', 'passed'],
    ['an atto less of yes is not', '0', '0.5', { yes: '0.499999999999999999', no: half }, '0', 'rejected'],
    [
      'abstaining does not count against it',
      '0',
      '0.666667',
      { yes: '0.666667', no: '0.333333', abstain: '9' },
      '0',
      'passed',
    ],
    [
      'two thirds missed by an atto',
      '0',
      '0.666667',
      { yes: '0.666666999999999999', no: '0.333333' },
      '0',
      'rejected',
    ],
    ['unanimity', '0', '1', { yes: '7', no: '0.000000000000000001' }, '0', 'rejected'],
    ['nobody said yes or no', '0', '0', { abstain: '1' }, '0', 'rejected'],
    ['nobody said anything, and nobody had to', '0', '0', {}, '1', 'rejected'],
    ['nobody said anything', '0.000001', '0', {}, '1', 'expired'],
    ['an approval of nothing', '0', '0', { no: '1' }, '0', 'passed'],
  ])('%s (quorum %s, approval %s)', async (_, quorum, approval, ballots, silent, outcome) => {
    const cast = Object.entries(ballots);
    const [token, holders] = await electorate([
      ...cast.map(([, amount]) => amount),
      ...(silent === '0' ? [] : [silent]),
    ]);
    const proposal = await open(token, { quorum, approval });
    for (const [index, [choice]] of cast.entries()) {
      await world.vote(holders[index] ?? admin, proposal, choice);
    }
    await world.close();
    expect((await world.proposalNow(proposal.id)).status).toBe(outcome);
  });

  it('happens once, is on record, and the proposer is told', async () => {
    const [token, [ada]] = await electorate(['2']);
    if (!ada) throw new Error('nobody there');
    const proposal = await world.open(ada, token, { title: 'Once' });
    await world.vote(ada, proposal, 'yes');
    expect(await world.close()).toBe(1);
    const closed = await world.proposalNow(proposal.id);
    expect(await world.close()).toBe(0);
    expect(await world.proposalNow(proposal.id)).toEqual(closed);
    expect(await world.auditOf(proposal.id)).toEqual(['proposal.open', 'proposal.close']);
    expect((await world.bellOf(ada)).filter((title) => title.startsWith('Voting has closed'))).toEqual([
      'Voting has closed: Once',
    ]);
  });

  it('is not made before the end', async () => {
    const [token, [ada]] = await electorate(['2']);
    if (!ada) throw new Error('nobody there');
    const proposal = await world.open(ada, token);
    await world.worker.call('governance.close_due_proposals');
    expect((await world.proposalNow(proposal.id)).status).toBe('active');
  });

  it('of a running vote is repaired by the nightly check, and the difference is on record', async () => {
    const [token, [ada]] = await electorate(['2']);
    if (!ada) throw new Error('nobody there');
    const proposal = await open(token);
    await world.vote(ada, proposal, 'yes');
    await world.db.query(
      'update governance.vote_tallies set no_power = 9 where proposal_id = $1 and shard = 3',
      [proposal.id],
    );
    const due = await world.worker.list<{ proposals_due_for_repair: string }>(
      'governance.proposals_due_for_repair',
      {
        since: new Date(),
        sample: 1,
      },
    );
    expect(due.map((row) => row.proposals_due_for_repair)).toContain(proposal.id);
    expect(await world.drift()).toEqual([
      expect.objectContaining({
        counter: 'governance.vote_tallies.no_power',
        cached_value: '9.000000000000000000',
        true_value: '0',
      }),
    ]);
    expect(await world.drift()).toEqual([]);
  });
});

describe('figures about people', () => {
  it('count ballots, proposals and comments', async () => {
    const [token, [ada, ben]] = await electorate(['2', '3']);
    if (!ada || !ben) throw new Error('nobody there');
    const proposal = await world.open(ada, token);
    await world.draft(ada, token);
    await world.vote(ben, proposal, 'yes');
    await ben.call('governance.add_comment', { proposal_id: proposal.id, content: 'Aye' });
    const metrics = await world.rows<{ name: string; query: string }>(
      `select name, query from core.user_metrics where name like 'governance%' order by name`,
    );
    const figures: Record<string, unknown> = {};
    for (const { name, query } of metrics) {
      const counted = await world.rows<{ user_id: string; value: string }>(query);
      figures[name] = [ada, ben].map(
        (person) => counted.find((row) => row.user_id === person.id)?.value ?? '0',
      );
    }
    expect(figures).toEqual({
      governance_ballots: ['0', '1'],
      governance_comments: ['0', '1'],
      governance_proposals: ['1', '0'],
    });
  });
});
