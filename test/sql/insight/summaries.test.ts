import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Group, Message, Person } from '../groups/scene.ts';
import { reasonOf } from '../refusal.ts';
import { type Claim, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let member: Person;
let shy: Person;
let group: Group;
beforeAll(async () => {
  world = await scene();
  [owner, member, shy] = [await world.person(), await world.person(), await world.person()];
  await world.consent(shy, false);
  await world.db.query("update core.settings set value = '4' where key = 'insight.summary_messages'");
});
beforeEach(async () => {
  await world.forgetAll();
  group = await world.openGroup(owner);
  await world.join(group, member, shy);
});

const plan = async (): Promise<number> =>
  (await world.asWorker<{ planned: number }>('select insight.plan_summaries() as planned'))[0]?.planned ?? -1;

/** Four messages that can be read, and one between them that cannot. */
async function talk(channel = group.general): Promise<Message[]> {
  const said = [
    await world.say(owner, channel, 'One.'),
    await world.say(member, channel, 'Two.'),
    await world.say(shy, channel, 'Not for models.'),
    await world.say(owner, channel, 'Three.'),
    await world.say(member, channel, 'Four.'),
  ];
  return said;
}

/** The claim of the only range that waits, read. */
async function theClaim(): Promise<Claim> {
  await plan();
  const [claim, ...others] = await world.claim('summary');
  if (!claim || others.length > 0) throw new Error('there is not one range');
  await world.readClaims([claim]);
  return claim;
}

async function summarised(): Promise<{ said: Message[]; id: string }> {
  const said = await talk();
  const { id } = await world.summarise(await theClaim());
  if (id === null) throw new Error('nothing was kept');
  return { said, id };
}

const shown = async (person: Person): Promise<string[]> =>
  (
    await person.read<{ id: string }>('select id from insight.conversation_summaries where channel_id = $1', [
      group.general,
    ])
  ).map((row) => row.id);

describe('a summary', () => {
  it('is asked for when enough was written that models may read, once', async () => {
    const first = await world.say(owner, group.general);
    expect(await plan()).toBe(0);
    const said = await talk();
    expect(await plan()).toBe(1);
    expect(await plan()).toBe(0);
    expect(await world.claim('summary')).toMatchObject([
      { channel_id: group.general, start_message_id: first.id, end_message_id: said[3]?.id },
    ]);
  });

  it('is made of what may be read, by speakers without names', async () => {
    const said = await talk();
    await plan();
    const claims = await world.claim('summary');
    const read = await world.readClaims(claims);
    expect(read.map(({ speaker, content }) => [speaker, content])).toEqual([
      [1, 'One.'],
      [2, 'Two.'],
      [1, 'Three.'],
      [2, 'Four.'],
    ]);
    const [claim] = claims;
    if (!claim) throw new Error('nothing to claim');
    const kept = await world.summarise(claim, ' They counted. ', { key_points: ['to four'], cost: 0.5 });
    expect(kept).toMatchObject({
      summary: 'They counted.',
      key_points: ['to four'],
      message_count: 4,
      start_message_id: said[0]?.id,
      end_message_id: said[4]?.id,
      is_stale: false,
    });
    expect(await world.summarise(claim, 'Again.')).toEqual(kept);
    const people = await world.rows(
      'select user_id, message_count from insight.summary_participants where summary_id = $1',
      kept.id,
    );
    expect(people).toHaveLength(2);
    expect(people).toEqual(
      expect.arrayContaining([
        { user_id: owner.id, message_count: 2 },
        { user_id: member.id, message_count: 2 },
      ]),
    );
  });

  it.each([
    ['an empty text', { summary: ' ' }],
    ['no text', { summary: null }],
    ['a text over 8,000 characters', { summary: 'x'.repeat(8001) }],
    ['a point that is nothing', { key_points: [null] }],
    ['21 points', { key_points: Array.from({ length: 21 }, () => 'x') }],
    ['a model without a name', { model_name: '' }],
    ['a cost that is no number', { cost: 'NaN' }],
  ])('with %s is refused, and the claim goes on', async (_, more) => {
    await talk();
    const claim = await theClaim();
    expect(await reasonOf(world.summarise(claim, 'Fine.', more))).toBe('conversation_summary.invalid');
    expect(await world.summarise(claim)).toMatchObject({ message_count: 4 });
  });

  it('is not kept when the group wants none any more', async () => {
    await talk();
    const claim = await theClaim();
    await world.configure(owner, group, { summaries: false });
    expect(await world.summarise(claim)).toMatchObject({ id: null });
    expect(await world.count('insight.tasks where kind = $1', 'summary')).toBe(0);
  });
});

describe('a summary is stale, shown to no member, and made anew', () => {
  it.each<[string, (said: Message[]) => Promise<unknown>]>([
    [
      'when a message of it is edited',
      (said) =>
        member.call('edit_channel_message', {
          channel_id: group.general,
          message_id: said[1]?.id,
          content: 'Changed.',
        }),
    ],
    [
      'when one is deleted',
      (said) => owner.call('delete_channel_message', { channel_id: group.general, message_id: said[0]?.id }),
    ],
    [
      'when one is purged',
      (said) => world.db.query('delete from groups.channel_messages where id = $1', [said[0]?.id]),
    ],
    [
      'when one is blanked',
      (said) =>
        world.db.query(`update groups.channel_messages set content = '' where id = $1`, [said[0]?.id]),
    ],
    [
      'when one of its people is forgotten',
      () => world.asWorker('select insight.forget_person($1)', member.id),
    ],
  ])('%s', async (_, change) => {
    const { said, id } = await summarised();
    expect([await shown(owner), await shown(member)]).toEqual([[id], [id]]);
    await change(said);
    expect([await shown(owner), await shown(member)]).toEqual([[], []]);
    const claim = await theClaim();
    const anew = await world.summarise(claim, 'Anew.');
    expect(await shown(member)).toEqual([anew.id]);
    expect(anew.id).not.toBe(id);
  });

  it('but not when something is said after it', async () => {
    const { id } = await summarised();
    await world.say(owner, group.general, 'Later.');
    expect(await shown(member)).toEqual([id]);
  });

  it('nor is it kept when a message changed after it was read', async () => {
    const said = await talk();
    const claim = await theClaim();
    await member.call('edit_channel_message', {
      channel_id: group.general,
      message_id: said[1]?.id,
      content: 'Changed.',
    });
    expect(await world.summarise(claim)).toMatchObject({ id: null });
    expect(await world.claim('summary')).toMatchObject([
      { start_message_id: claim.start_message_id, attempt: 1 },
    ]);
  });

  it('and deleted when nothing is left of it', async () => {
    const { said } = await summarised();
    await world.db.query('delete from groups.channel_messages where id = any ($1)', [
      said.map(({ id }) => id),
    ]);
    await plan();
    expect(await world.count('insight.conversation_summaries where channel_id = $1', group.general)).toBe(0);
  });

  it('or deleted by the next night, as any is after 180 days', async () => {
    const { said, id } = await summarised();
    await world.db.query(
      `select ops.run_retention(name) from ops.retention_policies where target = 'insight.conversation_summaries'`,
    );
    expect(await shown(member)).toEqual([id]);
    await owner.call('delete_channel_message', { channel_id: group.general, message_id: said[0]?.id });
    await world.db.query(`select ops.run_retention('insight_stale_summaries')`);
    expect(await world.count('insight.conversation_summaries where id = $1', id)).toBe(0);
    await world.db.query(`select ops.run_retention('insight_summaries', now() + interval '181 days')`);
    expect(await world.count('insight.conversation_summaries')).toBe(0);
  });
});

describe('summaries of a group', () => {
  it('go when it wants none any more', async () => {
    await summarised();
    await world.configure(owner, group, { summaries: false });
    await world.asWorker('select insight.forget_group($1)', group.id);
    expect(await world.count('insight.conversation_summaries where channel_id = $1', group.general)).toBe(0);
  });

  it('are read by its members where they may read, and by nobody from outside', async () => {
    const { id } = await summarised();
    const [outsider, moderator, admin] = [
      await world.person(),
      await world.person('moderator'),
      await world.person('admin'),
    ];
    expect([await shown(outsider), await shown(moderator), await shown(admin)]).toEqual([[], [], [id]]);
    const participants = (person: Person) =>
      person.read('select user_id from insight.summary_participants where summary_id = $1', [id]);
    expect(await participants(member)).toHaveLength(2);
    expect(await participants(outsider)).toEqual([]);
    await world.override(group, { channel: group.general }, { user: member.id }, '0', (1n << 16n).toString());
    expect([await shown(member), await participants(member)]).toEqual([[], []]);
  });
});
