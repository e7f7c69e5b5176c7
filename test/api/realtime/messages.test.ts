import { beforeAll, describe, expect, it } from 'vitest';
import { type Conversation, messagingScene, type Scene, send } from '../../sql/messaging/scene.ts';
import { startTestApi, type TestApi } from '../api.ts';
import { listen } from './listener.ts';

let stage: Scene;
let api: TestApi;

beforeAll(async () => {
  stage = await messagingScene();
  api = await startTestApi(stage.db, {}, { maxConnectionsPerAddress: 10_000, tallyMs: 50 });
});

const one = /* GraphQL */ `
  subscription ($id: UUID!, $after: String) {
    conversationMessages(conversationId: $id, after: $after) {
      messages {
        id
        content
        sender {
          username
        }
      }
      changedMessages {
        content
        deletedAt
      }
      cursor
    }
  }
`;

const inbox = /* GraphQL */ `
  subscription ($after: String) {
    inboxMessages(after: $after) {
      messages {
        id
        content
        conversationId
      }
      cursor
    }
  }
`;

describe('the messages of a conversation', () => {
  it('arrive as they are committed, with what is asked of them, under the rights of the listener', async () => {
    const [ada, ben, id] = await stage.pair();
    const connection = listen(api, await api.signIn(ben.id));
    const events = connection.subscribe(one, { id });
    expect(await events.next()).toEqual({ messages: [], changedMessages: [], cursor: expect.any(String) });
    await send(ada, id, 'Are you there?');
    expect(await events.next()).toMatchObject({
      messages: [{ content: 'Are you there?', sender: { username: ada.name } }],
      changedMessages: [],
    });
    await connection.close();
  });

  it('are those of committed transactions only', async () => {
    const [ada, ben, id] = await stage.pair();
    const events = listen(api, await api.signIn(ben.id)).subscribe(one, { id });
    await events.next();
    await send(ada, id, 'first');
    await expect(
      ada.within(async (client) => {
        await client.query('select messaging.send_message($1, $2)', [id, 'never said']);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await send(ada, id, 'said');
    await events.until(() => events.all().includes('said'));
    expect(events.all()).toEqual(['first', 'said']);
  });

  it('that were edited or deleted come as changes', async () => {
    const [ada, ben, id] = await stage.pair();
    const events = listen(api, await api.signIn(ben.id)).subscribe(one, { id });
    await events.next();
    await send(ada, id, 'helo');
    const {
      messages: [message],
    } = await events.next();
    await ada.call('edit_message', { conversation_id: id, message_id: message.id, content: 'hello' });
    expect(await events.next()).toMatchObject({ messages: [], changedMessages: [{ content: 'hello' }] });
    await ada.call('delete_message', { conversation_id: id, message_id: message.id });
    expect(await events.next()).toMatchObject({
      changedMessages: [{ content: '', deletedAt: expect.any(String) }],
    });
  });

  it('are refused to whoever is not in it, as if it did not exist, and to visitors', async () => {
    const [, , id] = await stage.pair();
    const stranger = await stage.person();
    const connection = listen(api, await api.signIn(stranger.id));
    const { errors } = await connection.subscribe(one, { id }).ended;
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', reason: 'conversation.unknown' });

    const visitor = await listen(api).subscribe(one, { id }).ended;
    expect(visitor.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('end with a reason when the listener leaves, is removed, and go on for the others', async () => {
    const [owner, [ben, cy, dan], id] = await stage.group(4);
    if (!ben || !cy || !dan) throw new Error('a group of four');
    const streams = await Promise.all(
      [ben, cy, dan].map(async ({ id: userId }) =>
        listen(api, await api.signIn(userId)).subscribe(one, { id }),
      ),
    );
    const [bens, cys, dans] = streams;
    await Promise.all(streams.map((stream) => stream.next()));
    await send(owner, id, 'welcome');
    await Promise.all(streams.map((stream) => stream.until(() => stream.all().includes('welcome'))));

    await ben.call('leave', { conversation_id: id });
    await owner.call('remove_participant', { conversation_id: id, user_id: cy.id });
    for (const gone of [bens, cys]) {
      expect((await gone?.ended)?.errors?.[0]?.extensions).toMatchObject({
        code: 'FORBIDDEN',
        reason: 'subscription.access_lost',
      });
    }
    await send(owner, id, 'among us');
    await dans?.until(() => dans.all().includes('among us'));
    expect([...(bens?.all() ?? []), ...(cys?.all() ?? [])]).not.toContain('among us');
  });

  it('are replayed from a cursor or from the id of a message, in events of a bounded size', async () => {
    const [ada, ben, id] = await stage.pair();
    const first = await send(ada, id, 'seen');
    const texts = Array.from({ length: 120 }, (_, index) => `missed ${index}`);
    for (const text of texts) await send(ada, id, text);
    const token = await api.signIn(ben.id);
    const events = listen(api, token).subscribe(one, { id, after: first.id });
    await events.until(() => events.all().length === 120);
    expect(events.all()).toEqual(texts);
    expect(events.events.map(({ messages }) => messages.length)).toEqual([50, 50, 20]);

    const again = listen(api, token).subscribe(one, { id, after: events.events[1].cursor });
    await again.until(() => again.all().length === 20);
    expect(again.all()).toEqual(texts.slice(100));
  });

  it('a cursor that is none is refused', async () => {
    const [ada, , id] = await stage.pair();
    const token = await api.signIn(ada.id);
    const endings = [
      listen(api, token).subscribe(one, { id, after: 'yesterday' }).ended,
      listen(api, token).subscribe(inbox, { after: 'bm9uZQ' }).ended,
    ];
    for (const { errors } of await Promise.all(endings)) {
      expect(errors?.[0]?.extensions).toMatchObject({
        code: 'INVALID',
        reason: 'subscription.cursor_invalid',
      });
    }
  });
});

describe('a client that comes and goes while people send', () => {
  it.each([
    ['one conversation', one, 'conversationMessages'],
    ['the inbox', inbox, 'inboxMessages'],
  ])(
    'misses nothing and gets nothing twice: %s',
    async (_name, query, _field) => {
      const [owner, others, id] = await stage.group(5);
      const [reader, ...senders] = others;
      if (!reader) throw new Error('a group of five');
      const other = (await reader.call<Conversation>('start_direct', { user_id: owner.id })).id;
      const token = await api.signIn(reader.id);
      const isInbox = query === inbox;
      const rounds = 40;
      const sending = Promise.all(
        [owner, ...senders].map(async (person, who) => {
          for (let round = 0; round < rounds; round += 1) {
            await send(person, id, `${who}:${round}`);
            if (isInbox && person === owner) await send(person, other, `direct:${round}`);
          }
        }),
      );
      const expected = 4 * rounds + (isInbox ? rounds : 0);

      // Without a cursor it would begin with now; the first message that was ever sent is before all of these.
      let after = isInbox
        ? Buffer.from(JSON.stringify({ w: '00000000-0000-7000-8000-000000000000', c: {} })).toString(
            'base64url',
          )
        : '00000000-0000-7000-8000-000000000000';
      const got: string[] = [];
      const cursors = new Set<string>();
      while (got.length < expected) {
        const connection = listen(api, token);
        const events = connection.subscribe(query, { id, after });
        // Gone after an event or two, wherever the senders are by then.
        const takes = 1 + (cursors.size % 2);
        await events.until(
          () => events.events.length >= takes || got.length + texts(events).length >= expected,
        );
        const last = events.events.at(-1);
        got.push(...texts(events));
        after = last.cursor;
        cursors.add(after);
        connection.socket().terminate();
      }
      await sending;
      expect(cursors.size).toBeGreaterThan(3);
      expect([...got].sort()).toEqual([...new Set(got)].sort());
      expect(got).toHaveLength(expected);
    },
    30_000,
  );

  const texts = (events: { events: { messages: { content: string }[] }[] }): string[] =>
    events.events
      .flatMap(({ messages }) => messages.map(({ content }) => content))
      .filter((content) => /^(\d+|direct):\d+$/.test(content));

  it('a commit that comes late with an early id is not skipped by the cursor of the inbox', async () => {
    const [ada, ben, slow] = await stage.pair();
    const [cy] = [await stage.person()];
    const quick = (await cy.call<Conversation>('start_direct', { user_id: ben.id })).id;
    const token = await api.signIn(ben.id);
    // The first job of a kind makes a row that others wait for.
    await send(cy, quick, 'before');
    const held = await stage.db.pool.connect();
    await held.query('begin');
    await held.query(`select set_config('stoa.user_id', $1, true), set_config('role', 'stoa_member', true)`, [
      ada.id,
    ]);
    await held.query('select messaging.send_message($1, $2)', [slow, 'early id, late commit']);
    const before = listen(api, token);
    const events = before.subscribe(inbox);
    await events.next();
    await send(cy, quick, 'ready');

    await send(cy, quick, 'late id, early commit');
    await events.until(() => events.all().length === 2);
    const { cursor } = events.events.at(-1);
    before.socket().terminate();
    await held.query('commit');
    held.release();

    const after = listen(api, token).subscribe(inbox, { after: cursor });
    await after.next();
    expect(after.all()).toEqual(['early id, late commit']);
  });
});

describe('the messages of all conversations', () => {
  it('come from each, and from those that the listener is added to later', async () => {
    const [ada, ben, id] = await stage.pair();
    const events = listen(api, await api.signIn(ben.id)).subscribe(inbox);
    await events.next();
    await send(ada, id, 'hello');
    const cy = await stage.person();
    const { id: made } = await cy.call<Conversation>('start_direct', { user_id: ben.id });
    await send(cy, made, 'a new one');
    await events.until(() => events.all().includes('a new one'));
    expect(events.all()).toEqual(['hello', 'a new one']);
  });

  it('stop for a conversation that was left, without ending', async () => {
    const [owner, [ben], id] = await stage.group(3);
    if (!ben) throw new Error('a group of three');
    const { id: direct } = await ben.call<Conversation>('start_direct', { user_id: owner.id });
    const events = listen(api, await api.signIn(ben.id)).subscribe(inbox);
    await events.next();
    await send(owner, id, 'while you are here');
    await ben.call('leave', { conversation_id: id });
    await send(owner, id, 'behind your back');
    await send(owner, direct, 'to your face');
    await events.until(() => events.all().includes('to your face'));
    expect(events.all()).not.toContain('behind your back');
  });
});
