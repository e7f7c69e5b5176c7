import { beforeAll, expect, it } from 'vitest';
import { testDatabase } from '../../harness/index.ts';
import { type Person, type Proposal, Scene } from '../../sql/governance/scene.ts';
import { startTestApi, type TestApi } from '../api.ts';
import { listen, type Subscription } from './listener.ts';

let stage: Scene;
let api: TestApi;
let people: Person[];

beforeAll(async () => {
  stage = new Scene(await testDatabase());
  people = await stage.people(4);
  api = await startTestApi(stage.db, {}, { tallyMs: 50 });
});

const query = /* GraphQL */ `
  subscription ($id: UUID!) {
    proposalTally(proposalId: $id) {
      proposal {
        status
      }
      tally {
        yesVotes
        totalVotes
        isFinal
      }
    }
  }
`;

const openBallots = (isOpen: boolean): Promise<unknown> =>
  stage.db.query("update core.settings set value = $1 where key = 'governance.open_ballots'", [
    String(isOpen),
  ]);

async function put(): Promise<Proposal> {
  const token = await stage.token();
  for (const person of people) await stage.fund(person, token, '10');
  const [proposer] = people;
  if (!proposer) throw new Error('there is nobody');
  return stage.open(proposer, token);
}

async function follow(proposal: Proposal, person?: Person): Promise<Subscription> {
  const token = person && (await api.signIn(person.id));
  return listen(api, token).subscribe(query, { id: proposal.id });
}

const vote = (person: Person, proposal: Proposal): Promise<unknown> =>
  person.call('governance.cast_vote', { proposal_id: proposal.id, vote_type: 'yes' });

it('a running result that may be seen comes as it changes, and the final one ends the subscription', async () => {
  await openBallots(true);
  const proposal = await put();
  const events = await follow(proposal, people[1]);
  expect(await events.next()).toMatchObject({ proposal: { status: 'active' }, tally: { totalVotes: 0 } });
  for (const person of people.slice(0, 3)) await vote(person, proposal);
  await events.until(() => events.events.at(-1)?.tally.totalVotes === 3);
  await stage.close();
  expect(await events.ended).toEqual({});
  expect(events.events.at(-1)).toEqual({
    proposal: { status: 'passed' },
    tally: { yesVotes: 3, totalVotes: 3, isFinal: true },
  });
});

it('a running result that is hidden stays hidden: from members while ballots are secret, from visitors always', async () => {
  for (const isOpen of [false, true]) {
    await openBallots(isOpen);
    const proposal = await put();
    const events = await follow(proposal, isOpen ? undefined : people[1]);
    expect(await events.next()).toEqual({ proposal: { status: 'active' }, tally: null });
    const [voter] = people;
    if (voter) await vote(voter, proposal);
    await stage.close();
    await events.ended;
    expect(events.events).toHaveLength(2);
    expect(events.events[1]).toMatchObject({ tally: { totalVotes: 1, isFinal: true } });
  }
});

it('a draft is followed by its author only', async () => {
  const token = await stage.token();
  const [author, other] = people;
  if (!author || !other) throw new Error('there is nobody');
  await stage.fund(author, token, '10');
  const draft = await stage.draft(author, token);
  expect(await (await follow(draft, author)).next()).toEqual({ proposal: { status: 'draft' }, tally: null });
  const { errors } = await (await follow(draft, other)).ended;
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', reason: 'proposal.unknown' });
});

it('casting a ballot announces nothing, so voters do not queue up behind the lock of the announcements', async () => {
  const proposal = await put();
  const listener = await stage.db.pool.connect();
  const heard: string[] = [];
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listener.query('listen stoa');
  for (const person of people) await vote(person, proposal);
  await listener.query("notify stoa, 'end:of'");
  await listener.query('unlisten stoa');
  listener.release(true);
  expect(heard).toEqual(['end:of']);
});
