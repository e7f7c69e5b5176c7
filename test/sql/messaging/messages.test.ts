import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf, refusal } from '../refusal.ts';
import { feed, type Message, messagingScene, type Person, type Scene, send, texts, unread } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await messagingScene();
});

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a message', () => {
  it('gets the next number of its conversation and an id above the last one', async () => {
    const [ada, ben, id] = await scene.pair();
    const sent = [await send(ada, id, ' One '), await send(ben, id, 'Two'), await send(ada, id, 'Three')];
    expect(sent.map(({ seq, content }) => [seq, content])).toEqual([
      ['1', 'One'],
      ['2', 'Two'],
      ['3', 'Three'],
    ]);
    expect(sent.map((message) => message.id)).toEqual(sent.map((message) => message.id).sort());
    expect(
      await ben.read('select last_seq, last_message_id from messaging.conversations where id = $1', [id]),
    ).toEqual([{ last_seq: '3', last_message_id: sent[2]?.id }]);
  });

  it('has an id above the last one even when the clock went back', async () => {
    const { rows } = await scene.db.query<{ next: string }>(
      `select messaging.next_message_id(last::uuid) as next
       from unnest(array[
         null,
         'ffffffff-ffff-7fff-bfff-00000000000f',
         'fffffffe-ffff-7fff-afff-ffffffffffff'
       ]) as last`,
    );
    expect(rows[0]?.next).toMatch(/^0/);
    expect(rows.slice(1).map(({ next }) => next)).toEqual([
      'ffffffff-ffff-7fff-bfff-000000000010',
      'ffffffff-0000-7000-8000-000000000000',
    ]);
  });

  it('says something or carries a file, and not too much of it', async () => {
    const [ada, , id] = await scene.pair();
    expect(await reasonOf(send(ada, id, ' \n'))).toBe('input.empty');
    expect(await reasonOf(send(ada, id, 'x'.repeat(8_001)))).toBe('input.too_long');
    await send(ada, id, 'x'.repeat(32_768), { encrypted: true });
    expect(await reasonOf(send(ada, id, 'x'.repeat(32_769), { encrypted: true }))).toBe('input.too_long');
    expect(await reasonOf(send(ada, id, 'Root was here', { type: 'system' }))).toBe('message.type_invalid');
    expect(await reasonOf(send(ada, id, 'No picture', { type: 'image' }))).toBe('message.type_invalid');
  });

  it('carries up to ten finished files of its sender, described as they were', async () => {
    const [ada, ben, id] = await scene.pair();
    const picture = await scene.upload(ada);
    const paper = await scene.upload(ada, 'application/pdf');
    const message = await ada.call<Message>('send_message', {
      conversation_id: id,
      type: 'file',
      upload_ids: [paper, picture],
      descriptions: [null, ' A cat '],
    });
    expect(
      await ben.read(
        'select position, upload_id, filename, size_bytes, description from messaging.message_attachments where conversation_id = $1 and message_id = $2 order by position',
        [id, message.id],
      ),
    ).toEqual([
      { position: 0, upload_id: paper, filename: 'a file', size_bytes: '7', description: null },
      { position: 1, upload_id: picture, filename: 'a file', size_bytes: '7', description: 'A cat' },
    ]);
    expect(
      (
        await scene.db.query('select from media.uploads where id = any ($1) and attached_at is not null', [
          [picture, paper],
        ])
      ).rowCount,
    ).toBe(2);

    for (const [type, uploads] of [
      ['image', [paper]],
      ['image', [await scene.upload(ben)]],
      ['image', [await scene.upload(ada, 'image/png', 'pending')]],
      ['file', await Promise.all(times(11).map(() => scene.upload(ada)))],
      ['file', ['019a0000-0000-7000-8000-000000000000']],
    ] as const) {
      expect(await reasonOf(send(ada, id, 'Look', { type, upload_ids: uploads }))).toBe(
        'message.upload_unusable',
      );
    }
  });

  it('answers only what is in the same conversation and there to be seen', async () => {
    const [ada, ben, id] = await scene.pair();
    const [, , elsewhere] = await scene.pair();
    const question = await send(ada, id, 'Why?');
    const answer = await send(ben, id, 'Because.', { reply_to_id: question.id });
    expect(answer.reply_to_id).toBe(question.id);
    const [cleo, , other] = await scene.pair();
    expect(await reasonOf(send(cleo, other, 'Why?', { reply_to_id: question.id }))).toBe('message.unknown');
    await expect(
      scene.db.query(
        'insert into messaging.messages (conversation_id, seq, reply_to_id) values ($1, 1, $2)',
        [elsewhere, question.id],
      ),
    ).rejects.toMatchObject({ code: '23503', constraint: 'messages_reply_fkey' });

    await ada.call('delete_message', { conversation_id: id, message_id: question.id });
    expect(await reasonOf(send(ben, id, 'Late', { reply_to_id: question.id }))).toBe('message.unknown');
  });

  it('is sent once for a key', async () => {
    const [ada, ben, id] = await scene.pair();
    const first = await send(ada, id, 'Once', { key: 'k' });
    expect((await send(ada, id, 'Once', { key: 'k' })).id).toBe(first.id);
    expect(await reasonOf(send(ada, id, 'Twice', { key: 'k' }))).toBe('idempotency.mismatch');
    await send(ben, id, 'Mine', { key: 'k' });
    expect(await texts(ada, id)).toEqual(['Once', 'Mine']);

    await scene.db.query('delete from messaging.messages where conversation_id = $1', [id]);
    expect(await reasonOf(send(ada, id, 'Once', { key: 'k' }))).toBe('message.unknown');
  });

  it('waits when its sender is too fast, across all conversations', async () => {
    const [ada, ben, id] = await scene.pair();
    const other = await ada.call('start_direct', { user_id: (await scene.person()).id });
    await scene.setting('messages.pace_limit', 3);
    try {
      for (const index of times(3)) await send(ada, index % 2 ? id : String(other['id']), 'Quick');
      const { sqlstate, reason, retryAfter } = await refusal(send(ada, id, 'Too quick'));
      expect([sqlstate, reason]).toEqual(['ST429', 'message.too_fast']);
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(retryAfter).toBeLessThanOrEqual(10);
      await send(ben, id, 'Calm');
    } finally {
      await scene.setting('messages.pace_limit', 1_000_000);
    }
  });
});

describe('an own message', () => {
  it('can be changed for a day', async () => {
    const [ada, ben, id] = await scene.pair();
    const message = await send(ada, id, 'Teh');
    const key = { conversation_id: id, message_id: message.id };
    const edit = (person: Person, content: string) =>
      person.call<Message>('edit_message', { ...key, content });
    expect((await edit(ada, 'Teh')).edited_at).toBeNull();
    expect(await edit(ada, ' The ')).toMatchObject({ content: 'The', edited_at: expect.any(Date), seq: '1' });
    expect(await reasonOf(edit(ada, ''))).toBe('input.empty');
    expect(await reasonOf(edit(ada, 'x'.repeat(8_001)))).toBe('input.too_long');
    expect(await reasonOf(edit(ben, 'Mine'))).toBe('message.not_author');
    expect(await reasonOf(ada.call('edit_message', { ...key, message_id: id, content: 'x' }))).toBe(
      'message.unknown',
    );

    await scene.db.query(
      `update messaging.messages set inserted_at = now() - interval '25 hours' where conversation_id = $1`,
      [id],
    );
    expect(await reasonOf(edit(ada, 'Late'))).toBe('message.edit_too_late');
    await ada.call('delete_message', key);
    expect(await reasonOf(edit(ada, 'Later'))).toBe('message.deleted');
  });

  it('may lose its text when it has a file', async () => {
    const [ada, , id] = await scene.pair();
    const message = await send(ada, id, 'Look', { type: 'image', upload_ids: [await scene.upload(ada)] });
    expect(
      await ada.call('edit_message', { conversation_id: id, message_id: message.id, content: null }),
    ).toMatchObject({
      content: '',
    });
  });

  it('leaves a tombstone without text, files and reactions when it is deleted, and can come back', async () => {
    const [ada, ben, id] = await scene.pair();
    const message = await send(ada, id, 'Regretted', {
      type: 'image',
      upload_ids: [await scene.upload(ada)],
    });
    const key = { conversation_id: id, message_id: message.id };
    await ben.call('react', { ...key, emoji: '😮' });
    const around = async () => {
      const [row] = await ben.read(
        `select
           (select count(*)::int from messaging.message_attachments where conversation_id = $1) as files,
           (select count(*)::int from messaging.message_reactions where conversation_id = $1) as reactions,
           (select count(*)::int from messaging.search('gret', $1)) as found`,
        [id],
      );
      return row;
    };
    expect(await around()).toEqual({ files: 1, reactions: 1, found: 1 });
    expect(await reasonOf(ben.call('delete_message', key))).toBe('message.not_author');
    expect(await reasonOf(ada.call('restore_message', key))).toBe('message.not_deleted');

    await ada.call('delete_message', key);
    expect(await feed(ben, id)).toEqual([
      expect.objectContaining({
        id: message.id,
        content: '',
        deleted_at: expect.any(Date),
        deleted_by: ada.id,
      }),
    ]);
    expect(await around()).toEqual({ files: 0, reactions: 0, found: 0 });
    expect(await unread(ben, id)).toBe(1);
    expect(await reasonOf(ada.call('delete_message', key))).toBe('message.already_deleted');
    expect(await reasonOf(ben.call('react', { ...key, emoji: '😮' }))).toBe('message.deleted');
    expect(await reasonOf(ben.call('restore_message', key))).toBe('message.not_deleter');

    expect(await ada.call('restore_message', key)).toMatchObject({ content: 'Regretted', deleted_at: null });
    expect(await around()).toEqual({ files: 1, reactions: 1, found: 1 });
    expect(await unread(ben, id)).toBe(1);
  });

  it('is gone for good after 30 days', async () => {
    const [ada, ben, id] = await scene.pair();
    const message = await send(ada, id, 'Regretted', {
      type: 'image',
      upload_ids: [await scene.upload(ada)],
    });
    const key = { conversation_id: id, message_id: message.id };
    await ada.call('delete_message', key);
    const later = `now() + interval '31 days'`;
    const run = (name: string) =>
      scene.db.query(`select rows_affected::int from ops.run_retention($1, ${later})`, [name]);
    expect((await run('messaging_removed_texts')).rows).toEqual([{ rows_affected: expect.any(Number) }]);
    await run('messaging_attachments_of_deleted_messages');
    expect(await reasonOf(ada.call('restore_message', key))).toBe('message.restore_too_late');
    expect(
      (await scene.db.query('select from messaging.message_attachments where conversation_id = $1', [id]))
        .rowCount,
    ).toBe(0);
    expect(await feed(ben, id)).toHaveLength(1);
  });

  it('may be deleted by the owner of the group, and then only they bring it back', async () => {
    const [owner, [friend], id] = await scene.group(3);
    if (!friend) throw new Error('nobody there');
    const message = await send(friend, id, 'Off topic');
    const key = { conversation_id: id, message_id: message.id };
    await owner.call('delete_message', key);
    expect(await reasonOf(friend.call('restore_message', key))).toBe('message.not_deleter');
    await owner.call('restore_message', key);
    expect(await texts(friend, id)).toEqual(['Off topic']);
  });
});

it('nobody changes what the system said', async () => {
  const [owner, , id] = await scene.group(3);
  const [told] = await feed(owner, id);
  const key = { conversation_id: id, message_id: told?.id };
  expect(await reasonOf(owner.call('edit_message', { ...key, content: '{}' }))).toBe('message.system');
  expect(await reasonOf(owner.call('delete_message', key))).toBe('message.system');
});

describe('what is unread', () => {
  it('is what came after the marker, which only moves forward', async () => {
    const [ada, ben, id] = await scene.pair();
    const sent: Message[] = [];
    for (const index of times(4)) sent.push(await send(ada, id, `Message ${index}`));
    const read = (index?: number) =>
      ben.call('mark_read', { conversation_id: id, up_to: index === undefined ? null : sent[index]?.id });
    expect(await unread(ben, id)).toBe(4);
    await read(2);
    expect(await unread(ben, id)).toBe(1);
    await read(0);
    expect(await unread(ben, id)).toBe(1);
    await read();
    expect(await unread(ben, id)).toBe(0);
    expect(await reasonOf(ben.call('mark_read', { conversation_id: id, up_to: id }))).toBe('message.unknown');
  });

  it('is nothing of what stands before one’s own message', async () => {
    const [ada, ben, id] = await scene.pair();
    await send(ada, id, 'One');
    await send(ada, id, 'Two');
    await send(ben, id, 'Three');
    expect(await unread(ben, id)).toBe(0);
    expect(await unread(ada, id)).toBe(1);
    await send(ada, id, 'Four');
    expect(await unread(ben, id)).toBe(1);
    expect(await ben.read('select messaging.unread_total() as total')).toEqual([{ total: '1' }]);
  });

  it('is zero in all for somebody without conversations', async () => {
    expect(await (await scene.person()).read('select messaging.unread_total() as total')).toEqual([
      { total: '0' },
    ]);
  });
});

describe('a disappearing message', () => {
  it('is invisible when its time is up, is removed soon after, and is no longer unread', async () => {
    const [ada, ben, id] = await scene.pair();
    const kept = await send(ada, id, 'Kept');
    const changed = await ben.call('set_ttl', { conversation_id: id, seconds: 60 });
    expect(changed).toMatchObject({ message_ttl_seconds: 60 });
    const brief = await send(ada, id, 'Brief secret');
    await send(ada, id, 'Answer', { reply_to_id: brief.id });
    expect(Number(brief.expires_at) - Date.now()).toBeGreaterThan(50_000);
    expect(await unread(ben, id)).toBe(2);

    await scene.db.query(`update messaging.messages set expires_at = now() - interval '1 s' where id = $1`, [
      brief.id,
    ]);
    expect(await texts(ben, id)).toEqual(['Kept', 'Answer']);
    expect(await unread(ben, id)).toBe(1);
    expect(await ben.read('select messaging.unread_total() as total')).toEqual([{ total: '1' }]);
    expect(await ben.list('search', { query: 'secret' })).toEqual([]);
    expect(
      await reasonOf(ben.call('react', { conversation_id: id, message_id: brief.id, emoji: '👍' })),
    ).toBe('message.unknown');

    const { rows } = await scene.db.query(
      `select schedule from ops.retention_policies where name = 'messaging_disappearing_messages'`,
    );
    expect(rows).toEqual([{ schedule: '* * * * *' }]);
    await scene.db.query(`select ops.run_retention('messaging_disappearing_messages')`);
    const { rows: left } = await scene.db.query<Message>(
      `select id, content, reply_to_id from messaging.messages where conversation_id = $1 and type <> 'system' order by id`,
      [id],
    );
    expect(left).toEqual([
      { id: kept.id, content: 'Kept', reply_to_id: null },
      { id: expect.any(String), content: 'Answer', reply_to_id: null },
    ]);
    expect(await unread(ben, id)).toBe(1);
  });

  it('is announced, within limits, by either side', async () => {
    const [ada, ben, id] = await scene.pair();
    const ttl = (person: Person, seconds: number | null) =>
      person.call('set_ttl', { conversation_id: id, seconds });
    for (const seconds of [0, 4, 31_536_001])
      expect(await reasonOf(ttl(ada, seconds))).toBe('conversation.ttl_invalid');
    await ttl(ada, 5);
    await ttl(ada, 5);
    await ttl(ben, null);
    expect((await feed(ada, id)).map(({ type, content }) => [type, JSON.parse(content)])).toEqual([
      ['system', { event: 'ttl_changed', seconds: null }],
      ['system', { event: 'ttl_changed', seconds: 5 }],
    ]);
    expect((await send(ada, id, 'For good')).expires_at).toBeNull();
  });
});

describe('a reaction', () => {
  it('is given once and taken back', async () => {
    const [ada, ben, id] = await scene.pair();
    const message = await send(ada, id, 'Good news');
    const key = { conversation_id: id, message_id: message.id };
    for (const [person, emoji] of [
      [ben, '🎉'],
      [ben, '🎉'],
      [ada, '🎉'],
      [ben, '👩‍👩‍👧'],
    ] as const) {
      expect(await person.call('react', { ...key, emoji })).toMatchObject({ emoji, user_id: person.id });
    }
    const counts = () =>
      ada.read(
        `select r.* from messaging.messages as m cross join lateral messaging.messages_reaction_counts(m) as r
         where m.conversation_id = $1`,
        [id],
      );
    expect(await counts()).toEqual([
      { emoji: '🎉', amount: '2', is_mine: true },
      { emoji: '👩‍👩‍👧', amount: '1', is_mine: false },
    ]);
    expect(await ada.call('unreact', { ...key, emoji: '🎉' })).toEqual({ unreact: true });
    expect(await ada.call('unreact', { ...key, emoji: '🎉' })).toEqual({ unreact: false });
    expect((await counts())[0]).toEqual({ emoji: '🎉', amount: '1', is_mine: false });
  });

  it.each(['👍', '👍🏽', '❤️', '☺', '7️⃣', '🇮🇸', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏳️‍🌈', '👨‍👩‍👧‍👦', '©️'])('may be %s', async (emoji) => {
    const { rows } = await scene.db.query('select messaging.clean_emoji($1) as emoji', [` ${emoji} `]);
    expect(rows).toEqual([{ emoji }]);
  });

  it.each([
    'ok',
    '7',
    ':-)',
    '👍👍',
    '👍 👍',
    '🇮',
    '‍',
    'custom:1',
    'custom:019a0000-0000-7000-8000-000000000000',
  ])('may not be %s', async (emoji) => {
    expect(await reasonOf(scene.db.query('select messaging.clean_emoji($1)', [emoji]))).toBe(
      'message.emoji_invalid',
    );
  });

  it('is one of so many different ones', async () => {
    const [ada, ben, id] = await scene.pair();
    const message = await send(ada, id, 'Good news');
    const react = (person: Person, emoji: string) =>
      person.call('react', { conversation_id: id, message_id: message.id, emoji });
    await scene.setting('messages.reaction_limit', 2);
    try {
      await react(ada, '👍');
      await react(ada, '🎉');
      expect(await reasonOf(react(ben, '😮'))).toBe('message.reaction_limit');
      await react(ben, '🎉');
    } finally {
      await scene.setting('messages.reaction_limit', 20);
    }
  });
});

describe('a search', () => {
  it('finds parts of words in one’s own conversations, whatever the case', async () => {
    const [ada, ben, id] = await scene.pair();
    const other = await ada.call('start_direct', { user_id: (await scene.person()).id });
    await send(ben, id, 'The Haystack, 100% of it');
    await send(ada, String(other['id']), 'stacks of hay');
    await send(ben, id, 'haystack ciphertext', { encrypted: true });
    const find = async (query: string, more = {}) =>
      (await ada.list<Message>('search', { query, ...more })).map(({ content }) => content);
    expect(await find('STACK')).toEqual(['stacks of hay', 'The Haystack, 100% of it']);
    expect(await find('stack', { conversation_id: id })).toEqual(['The Haystack, 100% of it']);
    expect(await find('stack', { first: 1 })).toEqual(['stacks of hay']);
    expect(await find('00%')).toEqual(['The Haystack, 100% of it']);
    expect(await find('h_y')).toEqual([]);
    expect(await find('stack', { since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await reasonOf(find('ha '))).toBe('message.query_too_short');
    expect(await reasonOf(find(' '))).toBe('input.empty');
    expect(await reasonOf(find('x'.repeat(201)))).toBe('input.too_long');
  });
});

describe('a page of a conversation', () => {
  it('is found from its end, before a message and after one', async () => {
    const [ada, ben, id] = await scene.pair();
    const sent: Message[] = [];
    for (const index of times(6)) sent.push(await send(ada, id, String(index)));
    const page = async (more: Readonly<Record<string, unknown>>) =>
      (await feed(ben, id, more)).map(({ content }) => content).join('');
    expect(await page({})).toBe('543210');
    expect(await page({ first: 2 })).toBe('54');
    expect(await page({ first: 2, before: sent[4]?.id })).toBe('32');
    expect(await page({ after: sent[2]?.id })).toBe('345');
    expect(await page({ after: sent[0]?.id, before: sent[4]?.id, first: 2 })).toBe('12');
    expect(await page({ after: sent[5]?.id })).toBe('');
    expect(await page({ first: 0 })).toBe('5');
  });

  it('is empty before anybody has said anything', async () => {
    const [ada, , id] = await scene.pair();
    expect(await feed(ada, id)).toEqual([]);
  });

  it('flags what blocked people say in a group', async () => {
    const [owner, [friend, other], id] = await scene.group(3);
    if (!friend || !other) throw new Error('nobody there');
    await send(friend, id, 'Rude');
    await send(owner, id, 'Kind');
    await other.read('select social.block($1)', [friend.id]);
    expect(
      await other.read(
        `select content, messaging.messages_is_sender_blocked(m) as is_blocked
         from messaging.messages as m where conversation_id = $1 and type = 'text' order by id`,
        [id],
      ),
    ).toEqual([
      { content: 'Rude', is_blocked: true },
      { content: 'Kind', is_blocked: false },
    ]);
    await send(friend, id, 'Still here');
  });
});

describe('the bells of those who have not read', () => {
  async function waiting(conversation: string) {
    const { rows } = await scene.db.query<{ payload: { messageId: string } }>(
      `select job.payload from graphile_worker._private_jobs as job
       where job.key = 'messaging.notify_participants:' || $1`,
      [conversation],
    );
    return rows.map(({ payload }) => payload);
  }
  async function ring(conversation: string, message: Message): Promise<number> {
    const { rows } = await scene.db.query<{ told: number }>(
      'select messaging.notify_participants($1, $2) as told',
      [conversation, message.id],
    );
    return rows[0]?.told ?? -1;
  }
  async function bell(person: Person) {
    return person.read('select title, body, count, actor_id, data from notifications.notifications');
  }

  it('ring through one job for a conversation, however fast people write', async () => {
    const [ada, ben, id] = await scene.pair();
    await send(ada, id, 'One');
    const last = await send(ada, id, 'Two');
    expect(await waiting(id)).toEqual([{ conversationId: id, messageId: last.id }]);
    expect(await ring(id, last)).toBe(1);
    await ring(id, await send(ada, id, 'Three'));
    expect(await bell(ben)).toEqual([
      {
        title: `${ada.name} wrote to you`,
        body: 'Three',
        count: 2,
        actor_id: ada.id,
        data: { conversation_id: id, message_id: expect.any(String) },
      },
    ]);
  });

  it('are silent for the muted, for who has read, and for what is gone', async () => {
    const [owner, [friend, other], id] = await scene.group(3);
    if (!friend || !other) throw new Error('nobody there');
    await friend.call('mute', { conversation_id: id });
    const message = await send(owner, id, 'Hello');
    expect(await ring(id, message)).toBe(1);
    expect(await bell(friend)).toEqual([]);
    expect(await bell(other)).toMatchObject([{ title: `${owner.name} wrote in a group` }]);
    await other.call('mark_read', { conversation_id: id });
    expect(await ring(id, message)).toBe(0);
    await owner.call('delete_message', { conversation_id: id, message_id: message.id });
    expect(await ring(id, message)).toBe(0);
  });

  it('are not even asked when everybody has muted the conversation', async () => {
    const [ada, ben, id] = await scene.pair();
    await ben.call('mute', { conversation_id: id });
    await send(ada, id, 'Hello');
    expect(await waiting(id)).toEqual([]);
  });

  it('keep secrets', async () => {
    const [ada, ben, id] = await scene.pair();
    await ring(id, await send(ada, id, 'ciphertext', { encrypted: true }));
    await ada.call('set_ttl', { conversation_id: id, seconds: 60 });
    await ring(id, await send(ada, id, 'Brief'));
    expect(await bell(ben)).toMatchObject([{ body: null, count: 2 }]);
  });
});

describe('the position of a conversation', () => {
  it('is put right where it is behind its messages, and left where messages have disappeared', async () => {
    const [ada, , id] = await scene.pair();
    await send(ada, id, 'One');
    const last = await send(ada, id, 'Two');
    const repair = async () =>
      (await scene.db.query('select messaging.repair_positions($1) as repaired', [[id]])).rows;
    const { rows: due } = await scene.db.query<{ id: string }>(
      "select id from messaging.positions_due_for_repair(now() - interval '1 hour') as due (id)",
    );
    expect(due).toContainEqual({ id });
    expect(await repair()).toEqual([{ repaired: 0 }]);
    await scene.db.query('update messaging.conversations set last_seq = 1 where id = $1', [id]);
    expect(await repair()).toEqual([{ repaired: 1 }]);
    expect(
      await ada.read('select last_seq, last_message_id from messaging.conversations where id = $1', [id]),
    ).toEqual([{ last_seq: '2', last_message_id: last.id }]);
    expect(
      (
        await scene.db.query(
          `select cached_value, true_value from ops.counter_repairs where row_key ->> 'id' = $1`,
          [id],
        )
      ).rows,
    ).toEqual([{ cached_value: '1', true_value: '2' }]);
    await scene.db.query('delete from messaging.messages where id = $1', [last.id]);
    expect(await repair()).toEqual([{ repaired: 0 }]);
  });
});
