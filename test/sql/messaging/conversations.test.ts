import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import {
  type Conversation,
  feed,
  type Message,
  messagingScene,
  type Person,
  type Scene,
  send,
  texts,
  unread,
} from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await messagingScene();
});

async function inbox(person: Person): Promise<string[]> {
  return (await person.list<Conversation>('inbox')).map(({ id }) => id);
}

/** What the system said, oldest first. */
async function events(person: Person, conversation: string): Promise<unknown[]> {
  const messages = await feed(person, conversation, { first: 100 });
  return messages
    .filter(({ type }) => type === 'system')
    .map(({ content }) => JSON.parse(content))
    .reverse();
}

describe('a conversation of two', () => {
  it('is the same one whoever starts it', async () => {
    const [ada, ben, id] = await scene.pair();
    expect(await ben.call('start_direct', { user_id: ada.id })).toMatchObject({
      id,
      kind: 'direct',
      owner_id: null,
    });
  });

  it('appears to the other side with the first message', async () => {
    const [ada, ben, id] = await scene.pair();
    expect(await inbox(ada)).toEqual([id]);
    expect(await inbox(ben)).toEqual([]);
    await send(ada, id, 'Hello');
    expect(await inbox(ben)).toEqual([id]);
  });

  it('needs somebody else who is there', async () => {
    const [ada, closed] = await scene.people(2);
    if (!ada || !closed) throw new Error('nobody there');
    await scene.db.query('update core.users set deleted_at = now() where id = $1', [closed.id]);
    expect(await reasonOf(ada.call('start_direct', { user_id: ada.id }))).toBe('conversation.self');
    expect(await reasonOf(ada.call('start_direct', { user_id: closed.id }))).toBe('user.unknown');
    expect(await reasonOf(ada.call('start_direct', { user_id: null }))).toBe('user.unknown');
  });

  it('is begun only with those who want to be written to, and kept up with anybody', async () => {
    const [ada, ben, id] = await scene.pair();
    const stranger = await scene.person();
    const friend = await scene.person();
    await scene.befriend(ben, friend);
    await scene.db.query(
      `insert into core.user_settings (user_id, dm_policy) values ($1, 'friends')
       on conflict (user_id) do update set dm_policy = 'friends'`,
      [ben.id],
    );
    expect(await reasonOf(stranger.call('start_direct', { user_id: ben.id }))).toBe('conversation.refused');
    expect(await friend.call('start_direct', { user_id: ben.id })).toMatchObject({ kind: 'direct' });
    expect(await ada.call('start_direct', { user_id: ben.id })).toMatchObject({ id });

    await scene.db.query(`update core.user_settings set dm_policy = 'nobody' where user_id = $1`, [ben.id]);
    const other = await scene.person();
    await scene.befriend(ben, other);
    expect(await reasonOf(other.call('start_direct', { user_id: ben.id }))).toBe('conversation.refused');
  });

  it.each(['the one who writes', 'the one who is written to'])(
    'is silent when %s blocks the other',
    async (who) => {
      const [ada, ben, id] = await scene.pair();
      const message = await send(ada, id, 'Before');
      const [blocker, blocked] = who === 'the one who writes' ? [ada, ben] : [ben, ada];
      await blocker.read('select social.block($1)', [blocked.id]);

      const key = { conversation_id: id, message_id: message.id };
      for (const attempt of [
        () => ada.call('start_direct', { user_id: ben.id }),
        () => ben.call('start_direct', { user_id: ada.id }),
        () => send(ada, id, 'After'),
        () => send(ben, id, 'After'),
        () => ada.call('edit_message', { ...key, content: 'After' }),
        () => ben.call('react', { ...key, emoji: '👍' }),
        () => ada.call('set_ttl', { conversation_id: id, seconds: 60 }),
      ]) {
        expect(await reasonOf(attempt())).toBe('conversation.refused');
      }
      expect(await texts(ben, id)).toEqual(['Before']);

      await blocker.read('select social.unblock($1)', [blocked.id]);
      await send(ada, id, 'After');
      expect(await texts(ben, id)).toEqual(['Before', 'After']);
    },
  );

  it('can be hidden, and comes back with the next message or when it is started again', async () => {
    const [ada, ben, id] = await scene.pair();
    await send(ben, id, 'One');
    await ada.call('hide', { conversation_id: id });
    expect(await inbox(ada)).toEqual([]);
    await send(ben, id, 'Two');
    expect(await inbox(ada)).toEqual([id]);
    await ada.call('hide', { conversation_id: id });
    await ada.call('start_direct', { user_id: ben.id });
    expect(await inbox(ada)).toEqual([id]);
  });

  it('has two sides, whatever they try', async () => {
    const [ada, ben, id] = await scene.pair();
    const conversation = { conversation_id: id };
    for (const attempt of [
      () => ada.call('leave', conversation),
      () => ada.call('rename', { ...conversation, name: 'Us' }),
      () => ada.call('add_participants', { ...conversation, user_ids: [] }),
      () => ada.call('remove_participant', { ...conversation, user_id: ben.id }),
      () => ada.call('transfer_owner', { ...conversation, user_id: ben.id }),
    ]) {
      expect(await reasonOf(attempt())).toBe('conversation.direct');
    }
  });

  it('names the other side, and is no group', async () => {
    const [ada, ben, id] = await scene.pair();
    expect(
      await ben.read(
        `select messaging.conversations_other_user_id(c) as id, messaging.conversations_is_group(c) as is_group
         from messaging.conversations as c where c.id = $1`,
        [id],
      ),
    ).toEqual([{ id: ada.id, is_group: false }]);
  });

  it('cannot exist twice, even when it is written past the procedures', async () => {
    const [ada, ben] = await scene.pair();
    const [low, high] = [ada.id, ben.id].sort();
    await expect(
      scene.db.query('insert into messaging.conversations (user_low, user_high) values ($1, $2)', [
        low,
        high,
      ]),
    ).rejects.toMatchObject({ constraint: 'conversations_direct_key' });
    await expect(
      scene.db.query('insert into messaging.conversations (user_low, user_high) values ($1, $2)', [
        high,
        low,
      ]),
    ).rejects.toMatchObject({ constraint: 'conversations_shape_check' });
  });
});

describe('a group', () => {
  it('begins with two friends or more of its owner', async () => {
    const owner = await scene.person();
    const [friend, other, stranger] = await scene.people(3);
    if (!friend || !other || !stranger) throw new Error('nobody there');
    await scene.befriend(owner, friend, other);
    const start = (people: readonly Person[], more = {}) =>
      owner.call<Conversation>('start_group', { user_ids: people.map(({ id }) => id), ...more });

    expect(await reasonOf(start([friend]))).toBe('conversation.size_invalid');
    expect(await reasonOf(start([friend, friend, owner]))).toBe('conversation.size_invalid');
    expect(await reasonOf(start([friend, stranger]))).toBe('conversation.not_friends');
    const group = await start([friend, other], { name: ' Trip ' });
    expect(group).toMatchObject({ kind: 'group', name: 'Trip', owner_id: owner.id, last_seq: '1' });
    expect(await events(friend, group.id)).toEqual([
      { event: 'created', user_ids: expect.arrayContaining([friend.id, other.id]) },
    ]);
    expect(await unread(friend, group.id)).toBe(1);
    expect(await unread(owner, group.id)).toBe(0);
  });

  it('has a largest size', async () => {
    await scene.setting('messages.group_size', 4);
    try {
      const [owner, others, id] = await scene.group(3);
      const more = await scene.people(2);
      await scene.befriend(owner, ...more);
      const add = (people: readonly (Person | undefined)[]) =>
        owner.call('add_participants', { conversation_id: id, user_ids: people.map((person) => person?.id) });
      expect(await reasonOf(add(more))).toBe('conversation.size_invalid');
      await add([more[0], others[0]]);
      expect(await reasonOf(add([more[1]]))).toBe('conversation.size_invalid');
      expect(
        await reasonOf(owner.call('start_group', { user_ids: [...others, ...more].map((one) => one.id) })),
      ).toBe('conversation.size_invalid');
    } finally {
      await scene.setting('messages.group_size', 50);
    }
  });

  it('is made once for a key, however often it is asked for', async () => {
    const owner = await scene.person();
    const others = await scene.people(2);
    await scene.befriend(owner, ...others);
    const args = { user_ids: others.map(({ id }) => id), name: 'Once', key: 'k' };
    const first = await owner.call<Conversation>('start_group', args);
    expect(await owner.call('start_group', args)).toMatchObject({ id: first.id });
    expect(await reasonOf(owner.call('start_group', { ...args, name: 'Twice' }))).toBe(
      'idempotency.mismatch',
    );
  });

  it('shows newcomers what is said from then on, also when they come back', async () => {
    const [owner, [friend], id] = await scene.group(3);
    const newcomer = await scene.person();
    if (!friend) throw new Error('nobody there');
    await scene.befriend(owner, newcomer);
    await send(owner, id, 'Before');
    const add = () => owner.call('add_participants', { conversation_id: id, user_ids: [newcomer.id] });
    await add();
    await send(owner, id, 'With');
    expect(await texts(newcomer, id)).toEqual(['With']);
    expect(await unread(newcomer, id)).toBe(2);

    await newcomer.call('leave', { conversation_id: id });
    await send(owner, id, 'Without');
    expect(await reasonOf(feed(newcomer, id))).toBe('conversation.unknown');
    await add();
    await send(owner, id, 'Again');
    expect(await texts(newcomer, id)).toEqual(['Again']);
    expect(await texts(friend, id)).toEqual(['Before', 'With', 'Without', 'Again']);
    expect(await events(friend, id)).toEqual([
      { event: 'created', user_ids: expect.any(Array) },
      { event: 'added', user_ids: [newcomer.id] },
      { event: 'left' },
      { event: 'added', user_ids: [newcomer.id] },
    ]);
    expect(
      await reasonOf(
        owner.call('add_participants', { conversation_id: id, user_ids: [(await scene.person()).id] }),
      ),
    ).toBe('conversation.not_friends');
  });

  it('is ruled by its owner alone', async () => {
    const [, [friend, other], id] = await scene.group(3);
    if (!friend || !other) throw new Error('nobody there');
    const conversation = { conversation_id: id };
    for (const attempt of [
      () => friend.call('rename', { ...conversation, name: 'Mine' }),
      () => friend.call('add_participants', { ...conversation, user_ids: [] }),
      () => friend.call('remove_participant', { ...conversation, user_id: other.id }),
      () => friend.call('transfer_owner', { ...conversation, user_id: friend.id }),
      () => friend.call('set_ttl', { ...conversation, seconds: 60 }),
    ]) {
      expect(await reasonOf(attempt())).toBe('conversation.not_owner');
    }
  });

  it('can be renamed, and says so once', async () => {
    const [owner, , id] = await scene.group(3);
    expect(await owner.call('rename', { conversation_id: id, name: 'Trip' })).toMatchObject({ name: 'Trip' });
    await owner.call('rename', { conversation_id: id, name: 'Trip' });
    expect(await owner.call('rename', { conversation_id: id, name: ' ' })).toMatchObject({ name: null });
    expect((await events(owner, id)).slice(1)).toEqual([
      { event: 'renamed', name: 'Trip' },
      { event: 'renamed', name: null },
    ]);
  });

  it('can be handed over to somebody who is in it', async () => {
    const [owner, [friend], id] = await scene.group(3);
    if (!friend) throw new Error('nobody there');
    const to = (person: Person) => owner.call('transfer_owner', { conversation_id: id, user_id: person.id });
    expect(await reasonOf(to(await scene.person()))).toBe('conversation.not_participant');
    expect(await to(owner)).toMatchObject({ owner_id: owner.id });
    expect(await to(friend)).toMatchObject({ owner_id: friend.id });
    expect(await reasonOf(to(friend))).toBe('conversation.not_owner');
    expect(
      await friend.read(
        'select user_id from messaging.conversation_participants where conversation_id = $1 and role = $2',
        [id, 'owner'],
      ),
    ).toEqual([{ user_id: friend.id }]);
  });

  it('loses whom its owner removes, who keeps nothing but their name in the history', async () => {
    const [owner, [friend, other], id] = await scene.group(3);
    if (!friend || !other) throw new Error('nobody there');
    await send(friend, id, 'I was here');
    const remove = (person: Person) =>
      owner.call('remove_participant', { conversation_id: id, user_id: person.id });
    expect(await reasonOf(remove(owner))).toBe('conversation.self');
    await remove(friend);
    expect(await reasonOf(remove(friend))).toBe('conversation.not_participant');
    expect(await reasonOf(send(friend, id, 'Still here?'))).toBe('conversation.unknown');
    expect(await friend.read('select from messaging.messages where conversation_id = $1', [id])).toEqual([]);
    expect(await texts(other, id)).toEqual(['I was here']);
    expect(
      await other.read(
        'select left_at is null as is_in from messaging.conversation_participants where conversation_id = $1 and user_id = $2',
        [id, friend.id],
      ),
    ).toEqual([{ is_in: false }]);
  });

  it('passes to the longest-standing of the others when its owner leaves, and ends with the last one', async () => {
    const [owner, others, id] = await scene.group(3);
    const newcomer = await scene.person();
    await scene.befriend(owner, newcomer);
    await owner.call('add_participants', { conversation_id: id, user_ids: [newcomer.id] });
    await send(owner, id, 'Bye');
    const left = await owner.call<Conversation>('leave', { conversation_id: id });
    expect(others.map((other) => other.id)).toContain(left.owner_id);

    for (const person of [...others, newcomer]) await person.call('leave', { conversation_id: id });
    const run = (name: string) => scene.db.query('select * from ops.run_retention($1)', [name]);
    await run('messaging_abandoned_conversations');
    expect((await scene.db.query('select from messaging.conversations where id = $1', [id])).rowCount).toBe(
      1,
    );
    await run('messaging_messages_of_abandoned_conversations');
    await run('messaging_abandoned_conversations');
    expect((await scene.db.query('select from messaging.conversations where id = $1', [id])).rowCount).toBe(
      0,
    );
  });

  it('is left by a person who is erased, and everything else in it stays', async () => {
    const [owner, [friend, other], id] = await scene.group(3);
    if (!friend || !other) throw new Error('nobody there');
    const question = await send(owner, id, 'A question');
    await send(friend, id, 'An answer', { reply_to_id: question.id });
    await scene.db.query('update core.users set username = null, erased_at = now() where id = $1', [
      owner.id,
    ]);

    const [conversation] = await other.read<Conversation>(
      'select * from messaging.conversations where id = $1',
      [id],
    );
    expect([friend.id, other.id]).toContain(conversation?.owner_id);
    expect(await texts(other, id)).toEqual(['A question', 'An answer']);
    expect((await events(other, id)).at(-1)).toEqual({ event: 'left', owner_id: conversation?.owner_id });
  });
});

describe('what somebody does with a conversation for themselves', () => {
  it('is muted for a time or for good, and then does not count', async () => {
    const [ada, ben, id] = await scene.pair();
    await send(ben, id, 'Hello');
    const state = async () => {
      const [row] = await ada.read<{ total: string; is_muted: boolean }>(
        `select messaging.unread_total() as total, messaging.conversations_is_muted(c) as is_muted
         from messaging.conversations as c where id = $1`,
        [id],
      );
      return row;
    };
    expect(await state()).toEqual({ total: '1', is_muted: false });
    await ada.call('mute', { conversation_id: id });
    expect(await state()).toEqual({ total: '0', is_muted: true });
    await ada.call('unmute', { conversation_id: id });
    await ada.call('mute', { conversation_id: id, until: new Date(Date.now() + 3_600_000) });
    expect(await state()).toEqual({ total: '0', is_muted: true });
    await scene.db.query(
      `update messaging.conversation_participants set muted_until = now() - interval '1 s' where muted`,
    );
    expect(await state()).toEqual({ total: '1', is_muted: false });
    expect(await reasonOf(ada.call('mute', { conversation_id: id, until: new Date(0) }))).toBe(
      'input.malformed',
    );
  });

  it('begins its history anew, for one side', async () => {
    const [ada, ben, id] = await scene.pair();
    const old = await send(ben, id, 'Old');
    await ada.call('clear_history', { conversation_id: id });
    expect(await unread(ada, id)).toBe(0);
    await send(ben, id, 'New');
    expect(await texts(ada, id)).toEqual(['New']);
    expect(await texts(ben, id)).toEqual(['Old', 'New']);
    expect(await unread(ada, id)).toBe(1);
    expect(await reasonOf(ada.call('mark_read', { conversation_id: id, up_to: old.id }))).toBe(
      'message.unknown',
    );
    expect(await reasonOf(send(ada, id, 'What?', { reply_to_id: old.id }))).toBe('message.unknown');
    expect(
      await ada.read(
        'select (messaging.conversations_last_message(c)).content from messaging.conversations as c where id = $1',
        [id],
      ),
    ).toEqual([{ content: 'New' }]);
  });

  it('is refused to strangers, staff among them, as if there were no such conversation', async () => {
    const [ada, , id] = await scene.pair();
    const message = await send(ada, id, 'Private');
    const one = { conversation_id: id };
    const key = { ...one, message_id: message.id };
    for (const stranger of [
      await scene.person(),
      await scene.person('moderator'),
      await scene.person('admin'),
    ]) {
      for (const attempt of [
        () => send(stranger, id, 'Hello'),
        () => feed(stranger, id),
        () => stranger.call('mark_read', one),
        () => stranger.call('mute', one),
        () => stranger.call('unmute', one),
        () => stranger.call('hide', one),
        () => stranger.call('clear_history', one),
        () => stranger.call('set_ttl', { ...one, seconds: 60 }),
        () => stranger.call('leave', one),
        () => stranger.call('edit_message', { ...key, content: 'Mine' }),
        () => stranger.call('delete_message', key),
        () => stranger.call('restore_message', key),
        () => stranger.call('react', { ...key, emoji: '👍' }),
        () => stranger.call('unreact', { ...key, emoji: '👍' }),
        () => stranger.list('search', { query: 'Private', conversation_id: id }),
      ]) {
        expect(await reasonOf(attempt())).toBe('conversation.unknown');
      }
      expect(await stranger.list<Message>('search', { query: 'Private' })).toEqual([]);
      expect(await stranger.list('inbox')).toEqual([]);
    }
  });
});

describe('the inbox', () => {
  it('has the newest first, and goes on where a page ended', async () => {
    const ada = await scene.person();
    const ids: string[] = [];
    for (const other of await scene.people(5)) {
      const { id } = await ada.call<Conversation>('start_direct', { user_id: other.id });
      await send(other, id, 'Hello');
      ids.unshift(id);
    }
    const pages: string[] = [];
    let last: pg.QueryResultRow = { before: null, before_id: null };
    for (;;) {
      const page = await ada.read(`select id, last_message_at::text from messaging.inbox($1, $2, 2)`, [
        last['before'],
        last['before_id'],
      ]);
      const end = page.at(-1);
      if (!end) break;
      pages.push(...page.map((row) => String(row['id'])));
      last = { before: end['last_message_at'], before_id: end['id'] };
    }
    expect(pages).toEqual(ids);
    expect(await ada.read('select messaging.unread_total() as total')).toEqual([{ total: '5' }]);
  });

  it('shows how far the others have read, unless one of the two does not want that', async () => {
    const [ada, ben, id] = await scene.pair();
    const message = await send(ada, id, 'Read me');
    await ben.call('mark_read', { conversation_id: id });
    const seen = async () => {
      const receipts = await ada.read<{ user_id: string; message_id: string | null }>(
        `select receipt.*
         from messaging.conversations as c
         cross join lateral messaging.conversations_read_receipts(c) as receipt
         where c.id = $1`,
        [id],
      );
      expect(receipts).toContainEqual({ user_id: ada.id, message_id: message.id });
      return receipts.find(({ user_id }) => user_id === ben.id)?.message_id;
    };
    expect(await seen()).toBe(message.id);
    for (const person of [ada, ben]) {
      await scene.db.query(
        `insert into core.user_settings (user_id, privacy) values ($1, '{"read_receipts": false}')
         on conflict (user_id) do update set privacy = excluded.privacy`,
        [person.id],
      );
      expect(await seen()).toBeUndefined();
      await scene.db.query(`update core.user_settings set privacy = '{}' where user_id = $1`, [person.id]);
    }
    expect(await seen()).toBe(message.id);
    await expect(
      ada.read('select last_read_seq from messaging.conversation_participants'),
    ).rejects.toMatchObject({
      code: '42501',
    });
  });
});
