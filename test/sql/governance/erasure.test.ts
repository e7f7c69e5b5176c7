import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Movement,
  type Person,
  type Proposal,
  type ProposalComment,
  type Scene,
  scene,
  type Token,
} from './scene.ts';

/** What erasing a person does, by the rules that the module registered: the account becomes a tombstone in place. */
let world: Scene;
let gone: Person;
let stays: Person;
let token: Token;
let proposal: Proposal;
let closed: Proposal;
let comment: ProposalComment;
let leg: Movement;
beforeAll(async () => {
  world = await scene();
  [gone, stays] = [await world.person(), await world.person()];
  token = await world.token();
  for (const person of [gone, stays]) await world.fund(person, token, '10');
  closed = await world.open(gone, token, { title: 'Decided' });
  await gone.call('governance.cast_vote', { proposal_id: closed.id, vote_type: 'yes', reason: 'My reasons' });
  await world.close();
  proposal = await world.open(gone, token, { title: 'Open' });
  await gone.call('governance.cast_vote', {
    proposal_id: proposal.id,
    vote_type: 'yes',
    reason: 'My reasons',
  });
  await stays.call('governance.cast_vote', { proposal_id: proposal.id, vote_type: 'no' });
  comment = await gone.call<ProposalComment>('governance.add_comment', {
    proposal_id: proposal.id,
    content: 'My words',
  });
  await stays.call('governance.add_comment', {
    proposal_id: proposal.id,
    content: 'An answer',
    parent_id: comment.id,
  });
  leg = await gone.call<Movement>('ledger.transfer', {
    to_user_id: stays.id,
    token_id: token.id,
    amount: '4',
    description: 'My words',
  });
});

async function erase(person: Person): Promise<void> {
  const rules = await world.rows<{ table_name: string; column_name: string; action: string }>(
    `select * from ops.personal_data_rules where split_part(table_name, '.', 1) in ('governance', 'ledger')`,
  );
  const scrubbed = rules
    .filter(({ action }) => action === 'scrub')
    .map((rule) => `${rule.table_name}.${rule.column_name}`);
  expect(scrubbed.sort()).toEqual([
    'governance.comments.content',
    'governance.comments.deleted_at',
    'governance.votes.reason',
    'ledger.transactions.description',
  ]);
  await world.db.query('update governance.votes set reason = null where voter_id = $1', [person.id]);
  await world.db.query(`update governance.comments set content = '', deleted_at = now() where user_id = $1`, [
    person.id,
  ]);
  await world.db.query('update ledger.transactions set description = null where user_id = $1', [person.id]);
  await world.db.query(
    `update core.users set username = null, display_name = null, deleted_at = now(), erased_at = now() where id = $1`,
    [person.id],
  );
}

describe('erasing a person', () => {
  it('leaves ledger, holdings, electorates, ballots, results and other people’s words whole', async () => {
    const facts = async () => ({
      movements: await world.rows(
        'select user_id, id, counterparty_id, amount, status from ledger.transactions order by 1, 2',
      ),
      holdings: await world.rows(
        'select user_id, balance, staked_balance, voting_power from governance.user_tokens order by 1',
      ),
      electorate: await world.rows('select * from governance.voting_snapshots order by 1, 2'),
      ballots: await world.rows(
        'select proposal_id, voter_id, vote_type, voting_power from governance.votes order by 1, 2',
      ),
      result: await world.rows(
        'select id, status, yes_power, total_votes, proposer_id, title from governance.proposals order by id',
      ),
      tally: await world.rows('select * from governance.vote_tallies order by 1, 2'),
      answers: await world.rows('select content, parent_id from governance.comments where user_id = $1', [
        stays.id,
      ]),
    });
    const before = await facts();
    await erase(gone);
    expect(await facts()).toEqual(before);

    expect(await world.unbalanced()).toEqual([]);
    expect(await world.drift()).toEqual([]);
    const left = await world.rows(
      `select reason as text from governance.votes where reason is not null
       union all select content from governance.comments where content = 'My words'
       union all select description from ledger.transactions where description is not null and user_id = $1`,
      [gone.id],
    );
    expect(left).toEqual([]);
    expect(await world.proposalNow(closed.id)).toMatchObject({
      status: 'passed',
      yes_power: '10.000000000000000000',
    });
  });

  it('leaves the vote to be counted with the erased ballot in it', async () => {
    await world.close();
    expect(await world.proposalNow(proposal.id)).toMatchObject({
      total_votes: 2,
      yes_power: '10.000000000000000000',
      no_power: '10.000000000000000000',
      status: 'passed',
    });
  });

  it('is never a deletion: what they moved and voted holds the account', async () => {
    await expect(world.db.query('delete from core.users where id = $1', [gone.id])).rejects.toMatchObject({
      code: expect.stringMatching(/^23(001|503)$/),
    });
    expect(
      await stays.read('select amount from ledger.transactions where transfer_id = $1', [leg.transfer_id]),
    ).toEqual([{ amount: '4.000000000000000000' }]);
  });
});
