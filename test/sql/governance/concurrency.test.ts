import { beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../refusal.ts';
import {
  fromAttos,
  type Person,
  type Proposal,
  type ProposalComment,
  pick,
  random,
  type Scene,
  scene,
  type Token,
  toAttos,
} from './scene.ts';

/** Ten connections, shuffled steps that are the same in every run, repeated: sums, counts and states must agree. */
let world: Scene;
let people: Person[];
beforeAll(async () => {
  world = await scene();
  people = await world.people(8);
  await world.db.query(`update core.settings set value = '0' where key = 'governance.min_power_to_propose'`);
});

const refusalsOf = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason.detail ?? outcome.reason] : [],
  );

/** Until a connection of this database waits for a lock. */
async function untilSomebodyWaits(): Promise<void> {
  for (let look = 0; look < 20_000; look += 1) {
    const waiting = await world.rows(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length > 0) return;
  }
  throw new Error('nobody waits');
}

async function fundedToken(amount = '100'): Promise<Token> {
  const token = await world.token({ stake_weight: '1' });
  for (const person of people) await world.fund(person, token, amount);
  return token;
}

// Red when the electorate is read in more than one statement.
describe('opening while everybody moves tokens', () => {
  it.each([1, 2, 3])(
    'freezes a sum in which no token is missing and none is there twice (round %i)',
    async (round) => {
      const token = await fundedToken();
      const [proposer] = people;
      if (!proposer) throw new Error('nobody there');
      const proposals: Proposal[] = [];
      for (let index = 0; index < 6; index += 1) proposals.push(await world.due(proposer, token));

      let isOpening = true;
      const moving = people.map(async (person, index) => {
        const chance = random(round * 100 + index);
        for (let step = 0; step < 12 || (isOpening && step < 60); step += 1) {
          const to = pick(people, chance());
          if (to.id === person.id) continue;
          const amount = fromAttos(BigInt(Math.floor(chance() * 2 ** 50)) * 40_000n);
          const move =
            chance() < 0.2
              ? person.call('governance.stake', { token_id: token.id, amount: '0.5' })
              : person.call('ledger.transfer', { to_user_id: to.id, token_id: token.id, amount });
          await move.catch((error: { detail?: string }) => {
            if (error.detail !== 'holding.insufficient') throw error;
          });
        }
      });
      // Two workers, one proposal at a time, in between.
      const opening = [1, 2].map(async () => {
        let opened = 0;
        for (let turn = 0; turn < 8; turn += 1) {
          const answer = await world.worker.call<{ open_due_proposals: number }>(
            'governance.open_due_proposals',
            {
              limit: 1,
            },
          );
          opened += answer.open_due_proposals;
        }
        return opened;
      });
      const opened = await Promise.all(opening);
      isOpening = false;
      await Promise.all(moving);

      expect(opened.reduce((sum, count) => sum + count, 0)).toBe(proposals.length);
      const frozen = await world.rows(
        `select proposal.status, proposal.snapshot_power, sum(holder.voting_power) as listed,
         (select count(*)::int from governance.vote_tallies where proposal_id = proposal.id) as shards
       from governance.proposals as proposal
       join governance.voting_snapshots as holder on holder.proposal_id = proposal.id
       where proposal.token_id = $1
       group by proposal.id`,
        [token.id],
      );
      const whole = '800.000000000000000000';
      expect(frozen).toEqual(
        proposals.map(() => ({ status: 'active', snapshot_power: whole, listed: whole, shards: 16 })),
      );
      for (const { id } of proposals) expect(await world.auditOf(id)).toEqual(['proposal.open']);
      expect(await world.unbalanced()).toEqual([]);
    },
  );
});

// Red when cast_vote and withdraw_vote take no lock on the proposal, or closing counts before it has one.
describe('voting while it closes', () => {
  it.each([1, 2, 3, 4])(
    'counts every ballot that was let in and lets none in afterwards (round %i)',
    async (round) => {
      await world.close();
      const token = await fundedToken('1.000000000000000001');
      const [proposer] = people;
      if (!proposer) throw new Error('nobody there');
      const drafts = [1, 2, 3].map(() => world.due(proposer, token, { quorum: '0' }));
      const proposals = await Promise.all(drafts);
      await world.worker.call('governance.open_due_proposals');

      const closings: Promise<number>[] = [];
      let acts = 0;
      const refusals: unknown[] = [];
      await Promise.all([
        ...people.map(async (person, index) => {
          const chance = random(round * 1000 + index);
          for (let step = 0; step < 15; step += 1) {
            const proposal = pick(proposals, chance());
            const act =
              chance() < 0.25
                ? person.call('governance.withdraw_vote', { proposal_id: proposal.id })
                : world.vote(person, proposal, pick(['yes', 'no', 'abstain'], chance()));
            await act.catch((error: { detail?: string }) => refusals.push(error.detail ?? error));
            acts += 1;
            if (acts === 40 || acts === 44) closings.push(world.close());
          }
        }),
      ]);
      const last = await world.close();
      const closed = (await Promise.all(closings)).reduce((sum, count) => sum + count, last);
      expect(closed).toBe(proposals.length);
      expect(
        [...new Set(refusals)].filter(
          (reason) => !['proposal.closed', 'ballot.unknown'].includes(String(reason)),
        ),
      ).toEqual([]);

      const results = await world.rows<
        Proposal & { counted: number; yes: string; no: string; abstain: string }
      >(
        `select proposal.*, counted.*
       from governance.proposals as proposal
       cross join lateral (
         select count(*)::int as counted,
           coalesce(sum(voting_power) filter (where vote_type = 'yes'), 0)::numeric(78,18) as yes,
           coalesce(sum(voting_power) filter (where vote_type = 'no'), 0)::numeric(78,18) as no,
           coalesce(sum(voting_power) filter (where vote_type = 'abstain'), 0)::numeric(78,18) as abstain
         from governance.votes as ballot where ballot.proposal_id = proposal.id
       ) as counted
       where proposal.token_id = $1`,
        [token.id],
      );
      expect(results).toHaveLength(proposals.length);
      for (const result of results) {
        expect({
          ballots: result.total_votes,
          yes: result.yes_power,
          no: result.no_power,
          abstain: result.abstain_power,
        }).toEqual({ ballots: result.counted, yes: result.yes, no: result.no, abstain: result.abstain });
        expect(['passed', 'rejected']).toContain(result.status);
      }
    },
  );

  it('waits for a ballot that is on its way, and counts it', async () => {
    const token = await fundedToken('1');
    const [ada] = people;
    if (!ada) throw new Error('nobody there');
    // Two of one shard of the tally would wait for each other.
    const others = await world.rows<{ id: string }>(
      'select id from unnest($2::uuid[]) as id where governance.tally_shard(id) <> governance.tally_shard($1)',
      [ada.id, people.map(({ id }) => id)],
    );
    const ben = people.find(({ id }) => id === others[0]?.id);
    if (!ben) throw new Error('nobody there');
    const proposal = await world.open(ada, token, { quorum: '0' });
    let closing: Promise<number> | undefined;
    await world.db.as(
      { role: 'stoa_member', userId: ada.id },
      async (client) => {
        await client.query(`select governance.cast_vote($1, 'yes')`, [proposal.id]);
        closing = world.close();
        await untilSomebodyWaits();
        // Another voter neither waits for the first nor overtakes the count.
        const another = await world.vote(ben, proposal, 'no').then(
          () => 'voted',
          (error: { detail?: string }) => error.detail,
        );
        expect(['voted', 'proposal.closed']).toContain(another);
      },
      { commit: true },
    );
    expect(await closing).toBe(1);
    const ballots = await world.rows('select from governance.votes where proposal_id = $1', [proposal.id]);
    expect((await world.proposalNow(proposal.id)).total_votes).toBe(ballots.length);
  });
});

// Red when close_due_proposals does not look at the state again under its lock.
describe('closing', () => {
  it.each([1, 2, 3])('by six workers at once closes each proposal once (round %i)', async () => {
    const token = await fundedToken('1');
    const proposer = await world.person();
    const proposals: Proposal[] = [];
    for (let index = 0; index < 5; index += 1)
      proposals.push(await world.due(proposer, token, { title: `Nr. ${index}` }));
    await world.worker.call('governance.open_due_proposals');
    for (const proposal of proposals) await world.vote(pick(people, 0), proposal, 'yes');

    const closed = await Promise.all([1, 2, 3, 4, 5, 6].map(() => world.close()));
    expect(closed.reduce((sum, count) => sum + count, 0)).toBe(proposals.length);
    for (const { id } of proposals) {
      expect(await world.auditOf(id)).toEqual(['proposal.open', 'proposal.close']);
      expect(await world.proposalNow(id)).toMatchObject({
        total_votes: 1,
        yes_power: '1.000000000000000000',
      });
    }
    const told = (await world.bellOf(proposer)).filter((title) => title.startsWith('Voting has closed'));
    expect(told).toHaveLength(proposals.length);
  });

  it('and cancelling at once do one of the two', async () => {
    const token = await fundedToken('1');
    const admin = await world.person('admin');
    for (let turn = 0; turn < 5; turn += 1) {
      const proposal = await world.open(pick(people, 0), token);
      const [closing, cancelling] = await Promise.allSettled([
        world.close(),
        admin.call('governance.cancel_proposal', { proposal_id: proposal.id }),
      ]);
      const actions = await world.auditOf(proposal.id);
      expect(actions).toHaveLength(2);
      expect(closing).toMatchObject({ status: 'fulfilled', value: actions[1] === 'proposal.close' ? 1 : 0 });
      if (cancelling.status === 'rejected') expect(refusalsOf([cancelling])).toEqual(['proposal.closed']);
    }
  });
});

// Red when the tally is kept by read-modify-write, or a shard is not the same for each ballot of a person.
describe('the running tally', () => {
  it('is that of the ballots after many hands voted at once, also one person with two hands', async () => {
    const token = await fundedToken('0.000000000000000003');
    const proposals = [await world.open(pick(people, 0), token), await world.open(pick(people, 0), token)];
    await Promise.all(
      people.flatMap((person, index) =>
        [0, 1].map(async (hand) => {
          const chance = random(50 + index * 2 + hand);
          for (let step = 0; step < 20; step += 1) {
            const proposal = pick(proposals, chance());
            if (chance() < 0.2) {
              await person
                .call('governance.withdraw_vote', { proposal_id: proposal.id })
                .catch(async (error) => {
                  expect(error).toMatchObject({ detail: 'ballot.unknown' });
                });
            } else await world.vote(person, proposal, pick(['yes', 'no', 'abstain'], chance()));
          }
        }),
      ),
    );
    expect(await world.drift()).toEqual([]);
    await world.openBallots(true);
    for (const proposal of proposals) {
      const [tally] = await pick(people, 0).list('governance.tally', { proposal_id: proposal.id });
      await world.close();
      expect(await world.proposalNow(proposal.id)).toMatchObject({
        total_votes: tally?.['total_votes'],
        yes_power: tally?.['yes_power'],
        no_power: tally?.['no_power'],
        abstain_power: tally?.['abstain_power'],
      });
      break;
    }
    await world.openBallots(false);
  });
});

// Red when a first holding does not lock its token, or the power is computed before the holding is locked.
describe('weights that change while people move tokens', () => {
  it.each([1, 2, 3])('leave every holding with the power of the last weights (round %i)', async (round) => {
    const admin = await world.person('admin');
    const token = await world.token();
    const [rich] = people;
    if (!rich) throw new Error('nobody there');
    await world.fund(rich, token, '1000');
    const newcomers = await world.people(12);
    await Promise.all([
      ...newcomers.map(async (person, index) => {
        const chance = random(round * 10 + index);
        await rich.call('ledger.transfer', { to_user_id: person.id, token_id: token.id, amount: '10' });
        await person.call('governance.stake', {
          token_id: token.id,
          amount: fromAttos(BigInt(Math.floor(chance() * 1e6)) + 1n),
        });
      }),
      (async () => {
        for (const weight of ['2', '0.5', '3.1415']) {
          await admin.call('governance.update_token', {
            token_id: token.id,
            patch: { balance_weight: weight },
          });
          await world.worker.call('governance.recompute_power', { token_id: token.id });
        }
      })(),
    ]);
    const wrong = await world.rows(
      `select holding.* from governance.user_tokens as holding join governance.tokens as token on token.id = holding.token_id
       where token.id = $1
         and voting_power <> round(balance * balance_weight + staked_balance * stake_weight, 18)`,
      [token.id],
    );
    expect(wrong).toEqual([]);
    expect(await world.unbalanced()).toEqual([]);
  });

  it('wait for a first holding that is being made, and then weigh it', async () => {
    const admin = await world.person('admin');
    const newcomer = await world.person();
    const token = await fundedToken('10');
    const rich = pick(people, 0);
    let changing: Promise<unknown> | undefined;
    await world.db.as(
      { role: 'stoa_member', userId: rich.id },
      async (client) => {
        await client.query('select ledger.transfer($1, $2, 4)', [newcomer.id, token.id]);
        changing = admin
          .call('governance.update_token', { token_id: token.id, patch: { balance_weight: '3' } })
          .then(() => world.worker.call('governance.recompute_power', { token_id: token.id }));
        await Promise.race([changing, untilSomebodyWaits()]);
      },
      { commit: true },
    );
    await changing;
    expect((await world.holding(newcomer, token)).voting_power).toBe('12.000000000000000000');
  });
});

describe('reactions to a few comments at once', () => {
  it('are counted once each, and writing, deleting and reacting do not deadlock', async () => {
    const token = await fundedToken('1');
    const [author] = people;
    if (!author) throw new Error('nobody there');
    const proposal = await world.open(author, token);
    const comments: ProposalComment[] = [];
    for (let index = 0; index < 4; index += 1) {
      comments.push(
        await author.call<ProposalComment>('governance.add_comment', {
          proposal_id: proposal.id,
          content: `Nr. ${index}`,
        }),
      );
    }
    const outcomes = await Promise.allSettled(
      people.map(async (person, index) => {
        const chance = random(900 + index);
        for (let step = 0; step < 15; step += 1) {
          const comment = pick(comments, chance());
          await person.call('governance.react_comment', {
            proposal_id: proposal.id,
            comment_id: comment.id,
            value: Math.floor(chance() * 3) - 1,
          });
          if (step % 5 === 0) {
            await person.call('governance.add_comment', {
              proposal_id: proposal.id,
              content: 'Aye',
              parent_id: comment.id,
            });
          }
        }
      }),
    );
    expect(refusalsOf(outcomes)).toEqual([]);
    const shuffled = (seed: number) => {
      const chance = random(seed);
      return [...comments].sort(() => chance() - 0.5).map(({ id }) => id);
    };
    const voters = await world.people(6);
    const everywhere = (text: string, seed: number) =>
      Promise.all(
        voters.map((voter, index) => world.db.query(text, [proposal.id, shuffled(seed + index), voter.id])),
      );
    await everywhere(
      'insert into governance.comment_votes (proposal_id, comment_id, user_id, value) select $1, comment_id, $3, 1 from unnest($2::uuid[]) as comment_id',
      10,
    );
    await everywhere(
      'update governance.comment_votes set value = -1 where proposal_id = $1 and comment_id = any ($2) and user_id = $3',
      20,
    );
    expect(await world.drift()).toEqual([]);
    await everywhere(
      'delete from governance.comment_votes where proposal_id = $1 and comment_id = any ($2) and user_id = $3',
      30,
    );
    expect(await world.drift()).toEqual([]);
  });
});

describe('a draft that opens while its proposer edits it', () => {
  it('opens as it was read, or later', async () => {
    const token = await fundedToken('1');
    for (let turn = 0; turn < 8; turn += 1) {
      const proposer = pick(people, 0);
      const proposal = await world.due(proposer, token, { title: 'Before' });
      const edit = proposer.call('governance.update_proposal', {
        proposal_id: proposal.id,
        patch: { title: 'After' },
      });
      const [edited] = await Promise.allSettled([edit, world.worker.call('governance.open_due_proposals')]);
      await world.worker.call('governance.open_due_proposals');
      const opened = await world.proposalNow(proposal.id);
      expect(opened.status).toBe('active');
      if (edited.status === 'fulfilled') expect(opened.title).toBe('After');
      else {
        expect(await refusal(Promise.reject(edited.reason))).toMatchObject({ reason: 'proposal.not_draft' });
        expect(opened.title).toBe('Before');
      }
    }
  });
});

it('adds attos without a loss', () => {
  expect(fromAttos(toAttos('12.5') + toAttos('0.000000000000000001'))).toBe('12.500000000000000001');
});
