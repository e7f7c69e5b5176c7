import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { days, type Person, type QueueItem, type Scene, scene } from './scene.ts';

let world: Scene;
let admin: Person;
let moderator: Person;
beforeAll(async () => {
  world = await scene();
  [admin, moderator] = [await world.person('admin'), await world.person('moderator')];
});

type Arguments = Readonly<Record<string, unknown>>;

async function call(by: Person, procedure: string, args: Arguments = {}): Promise<pg.QueryResultRow> {
  const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
  const [row] = await by.read(`select * from ${procedure}(${names.join(', ')})`, Object.values(args));
  return row ?? {};
}

const idOf = async (row: Promise<pg.QueryResultRow>): Promise<string> => String((await row)['id']);

async function befriend(person: Person, ...others: readonly Person[]): Promise<void> {
  await world.db.query(
    `insert into social.friendships (user_id, friend_id, status, accepted_at)
     select $1, friend, 'accepted', now() from unnest($2::uuid[]) as friend`,
    [person.id, others.map(({ id }) => id)],
  );
}

/** A group of the owner with its channel "general", and members in it. */
async function groupOf(
  owner: Person,
  isPublic: boolean,
  ...members: readonly Person[]
): Promise<{ group: string; channel: string }> {
  const group = await idOf(call(owner, 'groups.create_group', { name: 'Lamps', is_public: isPublic }));
  for (const { id } of members) {
    await world.db.query('insert into groups.group_members (group_id, user_id) values ($1, $2)', [group, id]);
  }
  const { id: channel } = await world.one<{ id: string }>(
    'select id from groups.channels where group_id = $1',
    [group],
  );
  return { group, channel };
}

const write = (by: Person, channel: string, content = 'Buy this.') =>
  call(by, 'groups.send_channel_message', { channel_id: channel, content });

describe('a ban from chatting', () => {
  it('bars writing in conversations, not reading them', async () => {
    const [rascal, ann, bob, cleo] = await world.people(4);
    if (!rascal || !ann || !bob || !cleo) throw new Error('nobody came');
    await befriend(rascal, ann, bob, cleo);
    const direct = await idOf(call(rascal, 'messaging.start_direct', { user_id: ann.id }));
    const group = await idOf(call(rascal, 'messaging.start_group', { user_ids: [ann.id, bob.id] }));
    const say = { conversation_id: direct, content: 'Hello' };
    const message = {
      conversation_id: direct,
      message_id: await idOf(call(rascal, 'messaging.send_message', say)),
    };
    const deleted = {
      conversation_id: direct,
      message_id: await idOf(call(rascal, 'messaging.send_message', say)),
    };
    await call(rascal, 'messaging.delete_message', deleted);
    const attempts: readonly (readonly [string, Arguments])[] = [
      ['messaging.send_message', say],
      ['messaging.edit_message', { ...message, content: 'Hello!' }],
      ['messaging.restore_message', deleted],
      ['messaging.react', { ...message, emoji: '👍' }],
      ['messaging.rename', { conversation_id: group, name: 'Lamps' }],
      ['messaging.add_participants', { conversation_id: group, user_ids: [cleo.id] }],
      ['messaging.start_group', { user_ids: [ann.id, cleo.id] }],
      ['messaging.start_direct', { user_id: bob.id }],
    ];

    const ban = await world.ban(moderator, rascal, 'chat', days(1));
    for (const [procedure, args] of attempts) {
      expect(await reasonOf(call(rascal, procedure, args)), procedure).toBe('account.activity_barred');
    }
    expect(await idOf(call(rascal, 'messaging.start_direct', { user_id: ann.id }))).toBe(direct);
    expect(
      await rascal.read('select id from messaging.messages where conversation_id = $1', [direct]),
    ).not.toEqual([]);
    await call(rascal, 'messaging.mark_read', { conversation_id: direct, up_to: message.message_id });

    await moderator.call('lift_ban', { ban_id: ban.id, reason: 'Learned.' });
    for (const [procedure, args] of attempts) await call(rascal, procedure, args);
  });

  it('bars writing and speaking in groups, not reading there', async () => {
    const [rascal, ann] = await world.people(2);
    if (!rascal || !ann) throw new Error('nobody came');
    const { group, channel } = await groupOf(rascal, false, ann);
    const voice = await idOf(
      call(rascal, 'groups.create_channel', { group_id: group, name: 'Talk', type: 'voice' }),
    );
    const message = { channel_id: channel, message_id: await idOf(write(rascal, channel)) };
    const deleted = { channel_id: channel, message_id: await idOf(write(rascal, channel)) };
    await call(rascal, 'groups.delete_channel_message', deleted);
    const thread = await call(rascal, 'groups.start_thread', { channel_id: channel, name: 'Wicks' });
    const attempts: readonly (readonly [string, Arguments])[] = [
      ['groups.send_channel_message', { channel_id: channel, content: 'Hello' }],
      ['groups.edit_channel_message', { ...message, content: 'Hello!' }],
      ['groups.restore_channel_message', deleted],
      ['groups.react', { ...message, emoji: '👍' }],
      ['groups.start_thread', { channel_id: channel, name: 'Glass' }],
      ['groups.rename_thread', { thread_id: thread['channel_id'], name: 'Wicks and glass' }],
      ['groups.join_voice', { channel_id: voice }],
      ['groups.create_webhook', { channel_id: channel, name: 'A way around' }],
    ];

    const ban = await world.ban(moderator, rascal, 'chat', days(1));
    for (const [procedure, args] of attempts) {
      expect(await reasonOf(call(rascal, procedure, args)), procedure).toBe('account.activity_barred');
    }
    expect(
      await rascal.read('select id from groups.channel_messages where channel_id = $1', [channel]),
    ).not.toEqual([]);
    await call(rascal, 'groups.ack', message);

    await moderator.call('lift_ban', { ban_id: ban.id, reason: 'Learned.' });
    for (const [procedure, args] of attempts) await call(rascal, procedure, args);
  });

  it('from something else bars neither', async () => {
    const [poster, ann] = await world.people(2);
    if (!poster || !ann) throw new Error('nobody came');
    const { channel } = await groupOf(poster, false);
    await world.ban(moderator, poster, 'posting', days(1));
    await write(poster, channel);
    const direct = await idOf(call(poster, 'messaging.start_direct', { user_id: ann.id }));
    await call(poster, 'messaging.send_message', { conversation_id: direct, content: 'Hello' });
  });
});

describe('a report', () => {
  it('of a private message comes from a participant, with a copy, and staff reads only that', async () => {
    const [rascal, ann, outsider] = await world.people(3);
    if (!rascal || !ann || !outsider) throw new Error('nobody came');
    const direct = await idOf(call(rascal, 'messaging.start_direct', { user_id: ann.id }));
    const message = await idOf(
      call(rascal, 'messaging.send_message', { conversation_id: direct, content: 'Pay or else.' }),
    );
    const file = (by: Person) =>
      by.call<{ id: string; subject_user_id: string; queue_item_id: string }>('file_report', {
        type: 'direct_message',
        subject_id: message,
        parent_id: direct,
        reason: 'abuse',
      });
    for (const stranger of [outsider, moderator, admin]) {
      expect(await reasonOf(file(stranger))).toBe('report.subject_unknown');
    }
    expect(await reasonOf(file(rascal))).toBe('report.own');
    const report = await file(ann);
    expect(report.subject_user_id).toBe(rascal.id);
    const [evidence] = await moderator.read(
      `select moderation.open_evidence($1, 'A threat.') ->> 'content' as content`,
      [report.id],
    );
    expect(evidence).toEqual({ content: 'Pay or else.' });
    expect(
      await moderator.read('select id from messaging.messages where conversation_id = $1', [direct]),
    ).toEqual([]);

    await moderator.call('claim_next', { queue_type: 'investigation' });
    expect(
      await reasonOf(
        moderator.call('resolve_item', { item_id: report.queue_item_id, action: 'removed', note: 'Out.' }),
      ),
    ).toBe('report.not_removable');
    await world.db.query('delete from moderation.reports; delete from moderation.queue_items');
  });

  it('of a group conversation names its owner; a conversation of two is none', async () => {
    const [owner, ann, bob, outsider] = await world.people(4);
    if (!owner || !ann || !bob || !outsider) throw new Error('nobody came');
    await befriend(owner, ann, bob);
    const group = await idOf(
      call(owner, 'messaging.start_group', { user_ids: [ann.id, bob.id], name: 'Rude' }),
    );
    const direct = await idOf(call(owner, 'messaging.start_direct', { user_id: ann.id }));
    const file = (by: Person, subject: string) =>
      by.call('file_report', { type: 'conversation', subject_id: subject, reason: 'abuse' });
    expect(await file(ann, group)).toMatchObject({ subject_user_id: owner.id });
    expect(await reasonOf(file(outsider, group))).toBe('report.subject_unknown');
    expect(await reasonOf(file(ann, direct))).toBe('report.subject_unknown');
  });

  it('of a group comes from whoever sees it', async () => {
    const [owner, ann, outsider] = await world.people(3);
    if (!owner || !ann || !outsider) throw new Error('nobody came');
    const [open, closed] = [await groupOf(owner, true), await groupOf(owner, false, ann)];
    const file = (by: Person, subject: string) =>
      by.call('file_report', { type: 'group', subject_id: subject, reason: 'spam' });
    expect(await file(outsider, open.group)).toMatchObject({ subject_user_id: owner.id });
    expect(await file(ann, closed.group)).toMatchObject({ subject_user_id: owner.id });
    expect(await reasonOf(file(outsider, closed.group))).toBe('report.subject_unknown');
  });

  it('of a message in a private group leads to its removal by moderators who cannot read there', async () => {
    await world.db.query('delete from moderation.reports; delete from moderation.queue_items');
    const [rascal, ann, outsider] = await world.people(3);
    if (!rascal || !ann || !outsider) throw new Error('nobody came');
    const { channel } = await groupOf(ann, false, rascal);
    const message = await idOf(write(rascal, channel));
    const thread = await call(ann, 'groups.start_thread', { channel_id: channel, name: 'Aside' });
    const inThread = await idOf(write(rascal, thread['channel_id']));
    const file = (by: Person, subject: string, parent: string) =>
      by.call<{ queue_item_id: string }>('file_report', {
        type: 'channel_message',
        subject_id: subject,
        parent_id: parent,
        reason: 'spam',
      });
    expect(await reasonOf(file(outsider, message, channel))).toBe('report.subject_unknown');
    await file(ann, inThread, thread['channel_id']);
    const report = await file(ann, message, channel);
    await call(ann, 'groups.pin', { channel_id: channel, message_id: message });
    expect(await moderator.read('select id from groups.channel_messages where id = $1', [message])).toEqual(
      [],
    );

    await admin.call('assign', { item_id: report.queue_item_id, moderator_id: moderator.id });
    expect(
      await moderator.call<QueueItem>('resolve_item', {
        item_id: report.queue_item_id,
        action: 'removed',
        note: 'Advertising.',
      }),
    ).toMatchObject({ resolution: 'actioned' });
    expect(
      await world.one(
        `select message.deleted_by, (select count(*)::integer from groups.pinned_messages where message_id = $1) as pins
         from groups.channel_messages as message where id = $1`,
        [message],
      ),
    ).toEqual({ deleted_by: moderator.id, pins: 0 });
    expect(await world.auditOf(message)).toEqual(['delete_channel_message']);
  });

  it('is counted anew at night where the number beside the item is wrong', async () => {
    const [one, two, rascal] = await world.people(3);
    if (!one || !two || !rascal) throw new Error('nobody came');
    const { queue_item_id: item } = await world.report(one, rascal);
    await world.report(two, rascal);
    const repair = () =>
      world.db.query(
        `set role stoa_worker;
         select moderation.repair_counters(array(select moderation.queue_items_due_for_repair(now() - interval '25 hours'))) as repaired;
         reset role`,
      ) as unknown as Promise<readonly { rows: unknown[] }[]>;
    expect((await repair())[1]?.rows).toEqual([{ repaired: 0 }]);
    await world.db.query('update moderation.queue_items set report_count = 7 where id = $1', [item]);
    expect((await repair())[1]?.rows).toEqual([{ repaired: 1 }]);
    expect(await world.item(item)).toMatchObject({ report_count: 2 });
    expect(
      await world.one(
        `select cached_value::integer, true_value::integer from ops.counter_repairs where row_key ->> 'id' = $1`,
        [item],
      ),
    ).toEqual({ cached_value: 7, true_value: 2 });
  });
});
