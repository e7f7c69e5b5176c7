import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';

let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  const ownerId = await createUser(db, { username: 'owner' });
  await createForum(db, { slug: 'square', ownerId, posts: 40 });
  api = await startTestApi(db);
});

const fromRoot = (path: string): URL => new URL(path, api.url);

it('answers with the five hottest posts of a forum', async () => {
  const { status, data, errors } = await api.ask(
    '{ forumBySlug(slug: "square") { posts(orderBy: HOT, first: 5) { nodes { title score author { username } } } } }',
  );
  expect(errors).toEqual([]);
  expect(status).toBe(200);
  const { rows } = await db.query('select title from forums.posts order by hot_rank desc, id desc limit 5');
  expect(data.forumBySlug.posts.nodes.map((post: { title: string }) => post.title)).toEqual(
    rows.map((row) => row.title),
  );
  expect(data.forumBySlug.posts.nodes[0].author).toEqual({ username: 'owner' });
});

it('lets a member write through a procedure and read the row that it returns', async () => {
  const memberId = await createUser(db, { username: 'writer' });
  const token = await api.signIn(memberId);
  const { rows } = await db.query("select id from forums.forums where slug = 'square'");
  const { data, errors } = await api.ask(
    `mutation ($forumId: UUID!) {
      createPost(input: { forumId: $forumId, title: "Hello", content: "World" }) {
        post { id title author { id } forum { slug } }
      }
    }`,
    { variables: { forumId: rows[0]?.id }, token },
  );
  expect(errors).toEqual([]);
  expect(data.createPost.post).toMatchObject({
    title: 'Hello',
    author: { id: memberId },
    forum: { slug: 'square' },
  });
  const postId = data.createPost.post.id;
  const vote = await api.ask(
    `mutation ($postId: UUID!) { votePost(input: { postId: $postId, direction: -1 }) { tally { score mine } } }`,
    { variables: { postId }, token },
  );
  expect(vote.errors).toEqual([]);
  expect(vote.data.votePost.tally.mine).toBe(-1);
});

it('tells who is signed in', async () => {
  const memberId = await createUser(db, { username: 'somebody' });
  const token = await api.signIn(memberId);
  expect((await api.ask('{ viewer { id username } }', { token })).data).toEqual({
    viewer: { id: memberId, username: 'somebody' },
  });
  expect((await api.ask('{ viewer { id } }')).data).toEqual({ viewer: null });
});

it('says at / where things are, and at /healthz and /readyz how it is', async () => {
  expect(await (await fetch(fromRoot('/'))).text()).toContain('/explorer');
  expect((await fetch(fromRoot('/healthz'))).status).toBe(200);
  expect((await fetch(fromRoot('/readyz'))).status).toBe(200);
  expect((await fetch(fromRoot('/nowhere'))).status).toBe(404);
});

it('answers each request with an id, its own or the one it was sent, and logs neither account nor query', async () => {
  const own = await api.ask('{ viewer { id } }');
  expect(own.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  const sent = await fetch(fromRoot('/healthz'), { headers: { 'x-request-id': 'trace-1' } });
  expect(sent.headers.get('x-request-id')).toBe('trace-1');
  const token = await api.signIn(await createUser(db, { username: 'quiet' }));
  await api.ask('query ($name: String!) { userByUsername(username: $name) { id } }', {
    variables: { name: 'a-very-private-value' },
    token,
  });
  const written = JSON.stringify(api.log.filter((line) => line['msg'] === 'request'));
  expect(written).not.toContain('a-very-private-value');
  expect(written).not.toContain(token);
  expect(written).not.toContain('127.0.0.1');
});

it('takes GraphQL by POST as JSON and nothing else', async () => {
  const ask = (init: RequestInit): Promise<Response> => fetch(api.url, init);
  const json = { 'content-type': 'application/json' };
  const statuses = await Promise.all([
    ask({ method: 'GET' }),
    ask({ method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"query":"{ viewer { id } }"}' }),
    ask({ method: 'POST', headers: json, body: 'not json' }),
    ask({ method: 'POST', headers: json, body: '[{"query":"{ viewer { id } }"}]' }),
    ask({ method: 'POST', headers: json, body: '{"query":1}' }),
    ask({ method: 'POST', headers: json, body: '{"query":"{ viewer { id } }","variables":[]}' }),
    ask({ method: 'POST', headers: json, body: '{"query":"{ viewer { id } }","operationName":{}}' }),
    ask({
      method: 'POST',
      headers: { ...json, accept: 'text/html' },
      body: '{"query":"{ viewer { id } }"}',
    }),
  ]);
  expect(statuses.map((response) => response.status)).toEqual([405, 415, 400, 400, 400, 400, 400, 406]);
  for (const response of statuses) {
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect(errors[0]?.extensions.code).toBe('BAD_REQUEST');
  }
});

it('names the taken port and exits as busy', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await expect(startTestApi(db, { STOA_PORT: String(port) })).rejects.toMatchObject({
    name: 'StoaError',
    code: 'api.port_taken',
    exitCode: exitCodes.busy,
    message: expect.stringContaining(String(port)),
  });
  await new Promise((resolve) => other.close(resolve));
});

it('lets a request that runs finish when it is closed, and takes no new one', async () => {
  await db.query(`
    create function forums.nap() returns text language sql volatile as $$ select pg_sleep(0.7)::text $$;
    grant execute on function forums.nap() to stoa_anonymous;
  `);
  const short = await startTestApi(db);
  const running = short.ask('mutation { nap(input: {}) { nap } }');
  await sleep(200);
  const closed = short.close();
  expect((await running).errors).toEqual([]);
  await closed;
  await expect(short.ask('{ viewer { id } }')).rejects.toThrow();
  await db.query('drop function forums.nap()');
});
