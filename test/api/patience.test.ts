import { connect, type Socket } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';

let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  const ownerId = await createUser(db, { username: 'somebody' });
  const { id } = await createForum(db, { slug: 'square', ownerId });
  await db.query(
    `insert into forums.posts (forum_id, author_id, title, content)
     select $1, $2, 'long', repeat('x', 39000) from generate_series(1, 100)`,
    [id, ownerId],
  );
  api = await startTestApi(db, {
    STOA_HEADERS_TIMEOUT_MS: '300',
    // Long after the headers, even where both were noticed late.
    STOA_STALL_TIMEOUT_MS: '3000',
    // The second limit on somebody who asks again and again.
    STOA_RATE_ADDRESS: '0',
  });
});

interface Slow {
  readonly socket: Socket;
  readonly closed: Promise<string>;
}

/** A connection of somebody who says this, and then nothing. */
function slow(said: string): Slow {
  const { hostname, port } = new URL(api.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.write(said);
  return { socket, closed: new Promise((resolve) => socket.on('close', () => resolve(text))) };
}

it('headers that do not come to an end are not waited for, and others are answered meanwhile', async () => {
  const begun = slow('POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: ');
  const silent = slow('');
  expect((await api.ask('{ __typename }')).errors).toEqual([]);
  expect(await begun.closed).toMatch(/^HTTP\/1\.1 408 /);
  expect(await silent.closed).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

it('an answer that nobody takes is thrown away, with its connection', async () => {
  const body = JSON.stringify({ query: '{ posts(first: 100) { nodes { id content } } }' });
  const request = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  // More than the operating systems of both sides keep for somebody who does not read: 15 MB.
  const { socket, closed } = slow(request.repeat(4));
  socket.pause();
  await expect
    .poll(() => api.log.filter(({ msg, status }) => msg === 'request' && status === 499).length)
    .toBeGreaterThan(0);
  socket.resume();
  expect((await closed).length).toBeLessThan(15_000_000);
  expect((await api.ask('{ __typename }')).errors).toEqual([]);
});
