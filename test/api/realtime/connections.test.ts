import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { messagingScene, type Scene, send } from '../../sql/messaging/scene.ts';
import { recordStatements, startTestApi, type TestApi } from '../api.ts';
import { type Closed, listen } from './listener.ts';

let stage: Scene;
let api: TestApi;
/** Another process, which takes little, and is stopped in the end. */
let small: TestApi;

beforeAll(async () => {
  stage = await messagingScene();
  small = await startTestApi(
    stage.db,
    {},
    {
      maxConnectionsPerAccount: 2,
      maxConnectionsPerAddress: 4,
      maxSubscriptions: 3,
      // Nothing is found by looking now and then: what ends a connection here was announced.
      sessionCheckMs: 600_000,
    },
  );
  api = await startTestApi(stage.db, {}, { sessionCheckMs: 100, sendTimeoutMs: 300, initTimeoutMs: 200 });
});

const query = /* GraphQL */ `
  subscription ($id: UUID!, $after: String) {
    conversationMessages(conversationId: $id, after: $after) {
      messages {
        content
      }
      cursor
    }
  }
`;

/** Somebody who listens to a conversation, and the one who writes there. */
async function listening(server = api) {
  const [ada, ben, id] = await stage.pair();
  const token = await server.signIn(ben.id);
  const connection = listen(server, token);
  const events = connection.subscribe(query, { id });
  await events.next();
  return { ada, ben, id, token, connection, events };
}

const signOut = 'mutation { signOut(input: {}) { clientMutationId } }';

describe('a connection ends', () => {
  it('when its session is signed out, and hears nothing after that', async () => {
    const { ada, id, token, connection, events } = await listening(small);
    await api.ask(signOut, { token });
    expect(await connection.closed).toEqual({ code: 4401, reason: 'session.ended' });
    await send(ada, id, 'are you still there?');
    expect(events.all()).toEqual([]);
  });

  it('when its access token grows too old without being refreshed', async () => {
    const { ben, connection } = await listening();
    await stage.db.query(
      "update auth.sessions set token_expires_at = now() - interval '1 second' where user_id = $1",
      [ben.id],
    );
    expect(await connection.closed).toEqual({ code: 4401, reason: 'session.ended' });
  });

  it('when the account is banned, and does not begin again', async () => {
    const admin = await stage.person('admin');
    const { ben, token, connection } = await listening(small);
    await admin.read(
      "select moderation.ban_user(p_user_id => $1, p_ban_type => 'account', p_reason => 'spam', p_until => now() + interval '1 day')",
      [ben.id],
    );
    expect(await connection.closed).toEqual({ code: 4403, reason: 'account.banned' });
    expect((await listen(small, token).closed).code).toBe(4401);
  });

  it('when the role of the account changes, to begin again with the other', async () => {
    const { ben, token, connection } = await listening(small);
    await stage.db.query(
      `update core.users set (class_id, role) = (
         select id, role from core.user_classes where role = 'moderator' order by sort_order limit 1
       ) where id = $1`,
      [ben.id],
    );
    expect(await connection.closed).toEqual({ code: 4412, reason: 'session.role_changed' });
    const again = listen(small, token);
    await again.connected;
    await again.close();
  });

  it('of one session only: the others of the account go on', async () => {
    const { ada, ben, id, token } = await listening();
    const other = listen(api, await api.signIn(ben.id)).subscribe(query, { id });
    await other.next();
    await api.ask(signOut, { token });
    await send(ada, id, 'to the other device');
    expect(await other.next()).toMatchObject({ messages: [{ content: 'to the other device' }] });
  });

  it('when it does not read what it asked for; no more is read for it than fits on the way', async () => {
    const [ada, ben, id] = await stage.pair();
    const messages = 1_500;
    await stage.db.query(
      `select messaging.append_message($1, $2, 'text', repeat('x', 32000), true) from generate_series(1, $3::integer)`,
      [id, ada.id, messages],
    );
    const connection = listen(api, await api.signIn(ben.id));
    await connection.connected;
    const { log } = api;
    const before = log.length;
    const sent = await recordStatements(async () => {
      connection.socket().pause();
      connection.subscribe(query, { id, after: '00000000-0000-7000-8000-000000000000' });
      await vi.waitFor(
        () => {
          const closed = log.slice(before).find((line) => line['msg'] === 'connection closed');
          expect(closed).toMatchObject({ code: 4413, reason: 'consumer.slow' });
        },
        { timeout: 20_000 },
      );
    });
    const reads = sent.filter(({ text }) => text.includes('messaging.is_participant($1) as may'));
    expect(reads.length).toBeLessThan(messages / 50 - 5);
    connection.socket().terminate();
    // The others are served meanwhile and after.
    const { ada: dan, id: other, events } = await listening();
    await send(dan, other, 'quick');
    expect(await events.next()).toMatchObject({ messages: [{ content: 'quick' }] });
  });
});

describe('a connection begins', () => {
  it('not with a token that is not valid, nor with something that is none', async () => {
    expect(await listen(api, 'made-up').closed).toEqual({ code: 4401, reason: 'session.invalid' });
    const { closed, socket } = raw();
    await once(socket, 'open');
    socket.send('{"type":"connection_init","payload":{"authorization":7}}');
    expect((await closed).code).toBe(4401);
  });

  it('with the name of the account beside it nowhere in the log', async () => {
    const { ben, connection } = await listening();
    await connection.close();
    await vi.waitFor(() => expect(JSON.stringify(api.log)).toContain('connection closed'));
    expect(JSON.stringify(api.log)).not.toContain(ben.id);
  });

  it('as often as an account and an address allow', async () => {
    const person = await stage.person();
    const token = await small.signIn(person.id);
    const first = [listen(small, token), listen(small, token)];
    await Promise.all(first.map(({ connected }) => connected));
    expect(await listen(small, token).closed).toEqual({ code: 4429, reason: 'connections.account' });
    await vi.waitFor(() => expect(small.connections()).toBe(2));
    const visitors = [listen(small), listen(small)];
    await Promise.all(visitors.map(({ connected }) => connected));
    const refused = new WebSocket(small.url.replace('http', 'ws'), 'graphql-transport-ws');
    const [error] = await once(refused, 'error');
    expect(String(error)).toContain('429');
    // A place that is left can be taken.
    await first[0]?.close();
    await vi.waitFor(() => expect(small.connections()).toBe(3));
    const next = listen(small, token);
    await next.connected;
    for (const connection of [...first, ...visitors, next]) await connection.close();
    await vi.waitFor(() => expect(small.connections()).toBe(0));
  });
});

describe('a subscription is refused', () => {
  const refusal = async (text: string, variables = {}): Promise<unknown> => {
    const connection = listen(api, await api.signIn((await stage.person()).id));
    const { errors } = await connection.subscribe(text, variables).ended;
    return errors?.[0]?.extensions;
  };

  it('when it is a query or a mutation: those are asked by POST', async () => {
    for (const text of ['{ viewer { id } }', 'mutation { heartbeat(input: {}) { clientMutationId } }']) {
      expect(await refusal(text)).toMatchObject({ code: 'INVALID', reason: 'subscription.required' });
    }
  });

  it('by POST: it needs a WebSocket', async () => {
    const { errors, data } = await api.ask('subscription { notifications { cursor } }');
    expect(data ?? null).toBeNull();
    expect(errors).toHaveLength(1);
  });

  it('when it asks for too much, as a query would be', async () => {
    const deep = `subscription { presence { presences { user ${'{ authoredPosts { nodes { author '.repeat(6)}{ id } ${'} } }'.repeat(6)} } } }`;
    expect(await refusal(deep)).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
    // Fifty rows an event, and a hundred below each of a hundred below each.
    const wide = `subscription { notifications { notifications { actor { authoredPosts(first: 100) { nodes {
      comments(first: 100) { nodes { id } } } } } } cursor } }`;
    expect(await refusal(wide)).toMatchObject({ code: 'QUERY_TOO_COMPLEX', reason: 'query.rows' });
    const long = `subscription { notifications { cursor } } #${'x'.repeat(25_000)}`;
    expect(await refusal(long)).toMatchObject({ code: 'QUERY_TOO_COMPLEX', reason: 'query.length' });
  });

  it('when the connection has as many as it may have', async () => {
    const connection = listen(small, await small.signIn((await stage.person()).id));
    const text = 'subscription { notifications { cursor } }';
    const three = [1, 2, 3].map(() => connection.subscribe(text));
    await Promise.all(three.map((events) => events.next()));
    const { errors } = await connection.subscribe(text).ended;
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      reason: 'subscription.too_many',
    });
    three[0]?.stop();
    await vi.waitFor(async () => {
      const next = connection.subscribe(text);
      const first = await Promise.race([next.next(), next.ended]);
      expect(first).toHaveProperty('cursor');
    });
  });
});

function raw(protocol = 'graphql-transport-ws'): { socket: WebSocket; closed: Promise<Closed> } {
  const socket = new WebSocket(api.url.replace('http', 'ws'), protocol);
  socket.on('error', () => {});
  const closed = new Promise<Closed>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return { socket, closed };
}

describe('what is not the protocol', () => {
  it.each([
    ['not JSON', 'hello', 4400],
    ['JSON of another kind', '{"type":"start"}', 4400],
    [
      'a subscription before the connection is initialised',
      '{"type":"subscribe","id":"1","payload":{"query":"{ a }"}}',
      4401,
    ],
    ['bytes', Buffer.from([1, 2, 3]), 4400],
    ['more than a message may have', 'x'.repeat(200_000), 1009],
  ])('%s closes the connection', async (_name, data, code) => {
    const { socket, closed } = raw();
    await once(socket, 'open');
    socket.send(data);
    expect((await closed).code).toBe(code);
  });

  it('silence, another protocol, and initialising twice close it as well', async () => {
    expect((await raw().closed).code).toBe(4408);
    expect((await raw('graphql-ws').closed).code).not.toBe(1000);
    const { socket, closed } = raw();
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    socket.send('{"type":"connection_init"}');
    expect((await closed).code).toBe(4429);
  });

  it('a flood of messages closes it', async () => {
    const { socket, closed } = raw();
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    for (let index = 0; index < 1_000; index += 1) socket.send('{"type":"ping"}');
    expect((await closed).reason).toBe('messages.too_many');
  });

  it('frames that are malformed close it; the server goes on', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connectTcp(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(
      [
        'GET /graphql HTTP/1.1',
        `Host: ${hostname}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Protocol: graphql-transport-ws',
        '',
        '',
      ].join('\r\n'),
    );
    await once(socket, 'data');
    // Reserved bits and an opcode that does not exist, not masked.
    socket.write(Buffer.from([0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    await once(socket, 'close');
    expect((await api.ask('{ viewer { id } }')).errors).toEqual([]);
  });

  it('an upgrade at another address is refused', async () => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/else`, 'graphql-transport-ws');
    const [error] = await once(socket, 'error');
    expect(String(error)).toContain('404');
  });
});

describe('the connection that listens for announcements', () => {
  const cut = (): Promise<unknown> =>
    stage.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'stoa realtime' and datname = current_database()`,
    );

  it('is made again when it is lost; what was announced meanwhile is delivered all the same, once', async () => {
    const { ada, id, events } = await listening();
    const said: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      await cut();
      for (const text of [`${round} at once`, `${round} and again`]) {
        await send(ada, id, text);
        said.push(text);
      }
      await events.until(() => events.all().length === said.length);
    }
    expect(events.all()).toEqual(said);
  });
});

describe('a server that stops', () => {
  it('tells every client to come back, and does not wait for them', async () => {
    const { connection } = await listening(small);
    const idle = listen(small);
    await idle.connected;
    const started = performance.now();
    await small.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    for (const { closed } of [connection, idle]) {
      expect(await closed).toEqual({ code: 1001, reason: 'server.stopping' });
    }
  });
});
