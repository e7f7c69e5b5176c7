import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresBus } from '../../src/api/realtime/postgres-bus.ts';
import { exitCodes } from '../../src/errors.ts';
import { findFreePort, isPortFree } from '../../src/postgres/port.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi } from './api.ts';

let db: TestDatabase;
const log = { info() {}, warn() {} };

beforeAll(async () => {
  db = await testDatabase();
});

/** Connections of the API; one that was ended a moment ago is there for another moment. */
async function connections(): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and application_name like 'stoa %' and application_name not like 'stoa test%'`,
  );
  return rows[0]?.count ?? -1;
}

it('an API whose status port is taken lets go of everything it had opened', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const statusPort = typeof address === 'object' && address ? address.port : 0;
  const port = await findFreePort();
  try {
    await expect(
      startTestApi(db, { STOA_PORT: String(port), STOA_METRICS_PORT: String(statusPort) }),
    ).rejects.toMatchObject({ code: 'api.port_taken', exitCode: exitCodes.busy });
  } finally {
    taken.close();
  }
  expect(await isPortFree(port)).toBe(true);
  await expect.poll(connections).toBe(0);
});

/**
 * What stands between a client and PostgreSQL where a pooler gives its connections away after each transaction: everything
 * passes but the notifications, which come at a time when nobody has the connection.
 */
async function poolerThatLosesNotifications(url: string): Promise<string> {
  const address = new URL(url);
  const { hostname, port } = address;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.pipe(upstream);
    let rest = Buffer.alloc(0);
    upstream.on('data', (part: Buffer) => {
      rest = Buffer.concat([rest, part]);
      // A message of the protocol: a letter, its length, its content. NotificationResponse is A.
      while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
        const end = rest.readInt32BE(1) + 1;
        if (rest[0] !== 'A'.charCodeAt(0)) client.write(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const own = server.address();
  address.port = String(typeof own === 'object' && own ? own.port : 0);
  return address.toString();
}

it('a bus that does not hear itself refuses to start, and names the setting', async () => {
  const url = await poolerThatLosesNotifications(db.urlFor('stoa_gateway'));
  await expect(PostgresBus.start({ url, log, selfTestMs: 300 })).rejects.toMatchObject({
    code: 'realtime.not_heard',
    exitCode: exitCodes.configuration,
    cure: expect.stringContaining('STOA_LISTEN_URL'),
  });
  await expect.poll(connections).toBe(0);
});

it('an API behind such a pooler starts with an address to listen at', async () => {
  const url = await poolerThatLosesNotifications(db.urlFor('stoa_gateway'));
  const api = await startTestApi(
    { ...db, urlFor: (role) => (role === 'stoa_gateway' ? url : db.urlFor(role)) },
    { STOA_LISTEN_URL: db.urlFor('stoa_gateway') },
  );
  expect((await api.ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
});
