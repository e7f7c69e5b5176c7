import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { queryLimits } from '../../src/api/limits.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { type AskOptions, recordStatements, startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';

let db: TestDatabase;
let api: TestApi;
let ownerId: string;

beforeAll(async () => {
  db = await testDatabase();
  ownerId = await createUser(db, { username: 'owner' });
  await createForum(db, { slug: 'square', ownerId, posts: 130 });
  await db.query(`
    create function forums.slow() returns integer language sql stable as $$ select 1 from pg_sleep(5) $$;
    grant execute on function forums.slow() to stoa_anonymous;
  `);
  api = await startTestApi(db, { STOA_STATEMENT_TIMEOUT_MS: '300', STOA_BODY_TIMEOUT_MS: '300' });
});

async function refusal(query: string, options?: AskOptions): Promise<Readonly<Record<string, unknown>>> {
  const { errors } = await api.ask(query, options);
  expect(errors).not.toEqual([]);
  return errors[0]?.extensions ?? {};
}

const nested = (depth: number): string => (depth === 0 ? 'id' : `id parent { ${nested(depth - 1)} }`);

/** Each fragment spreads the next one twice: 2^n fields from a line of text for each n. */
const exponential = (levels: number): string =>
  [
    '{ forums { nodes { ...f0 } } }',
    ...Array.from(
      { length: levels },
      (_, n) => `fragment f${n} on Forum { a${n}: parent { ...f${n + 1} } b${n}: parent { ...f${n + 1} } }`,
    ),
    `fragment f${levels} on Forum { id }`,
  ].join('\n');

/** The same of fields that every type has, and of those that describe the schema. */
const doubling = (type: string, root: string, leaf: string): string =>
  [
    `{ ${root} }`,
    ...Array.from({ length: 200 }, (_, n) => `fragment f${n} on ${type} { ...f${n + 1} ...f${n + 1} }`),
    `fragment f200 on ${type} { ${leaf} }`,
  ].join('\n');

describe('a query is refused before it is planned when it', () => {
  it.each([
    [
      'has a hundred aliases',
      `{ ${Array.from({ length: 100 }, (_, n) => `a${n}: viewer { id }`).join(' ')} }`,
      'query.root_fields',
      queryLimits.maxRootFields,
    ],
    [
      'has aliases further down',
      `{ viewer { ${Array.from({ length: 40 }, (_, n) => `a${n}: id`).join(' ')} } }`,
      'query.aliases',
      queryLimits.maxAliases,
    ],
    [
      'asks for too many fields',
      `{ viewer { ${'id '.repeat(500)} } }`,
      'query.fields',
      queryLimits.maxFields,
    ],
    ['is too deep', `{ forums { nodes { ${nested(20)} } } }`, 'query.depth', queryLimits.maxDepth],
    ['grows exponentially through fragments', exponential(9), 'query.fields', queryLimits.maxFields],
    [
      'grows exponentially through __typename',
      doubling('User', 'viewer { ...f0 }', '__typename'),
      'query.fields',
      queryLimits.maxFields,
    ],
    [
      'asks for the schema exponentially',
      doubling('__Type', '__schema { types { ...f0 } }', 'name'),
      'query.introspection',
      queryLimits.maxIntrospectionFields,
    ],
    [
      'asks for the whole schema again and again',
      `{ ${Array.from({ length: 40 }, (_, n) => `a${n}: __schema { types { name } }`).join(' ')} }`,
      'query.root_fields',
      queryLimits.maxRootFields,
    ],
    [
      'has a thousand aliases of __typename',
      `{ ${Array.from({ length: 1000 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
      'query.root_fields',
      queryLimits.maxRootFields,
    ],
    [
      'keeps its size in a fragment that nothing spreads',
      `{ viewer { id } } fragment unused on Query { ${'forums { nodes { id } } '.repeat(500)} }`,
      'query.fields',
      queryLimits.maxFields,
    ],
    [
      'hides its aliases in inline fragments',
      `{ viewer { ${Array.from({ length: 40 }, (_, n) => `... on User { a${n}: id }`).join(' ')} } }`,
      'query.aliases',
      queryLimits.maxAliases,
    ],
    [
      'multiplies pages',
      '{ forums(first: 100) { nodes { posts(first: 100) { nodes { comments(first: 100) { nodes { id } } } } } } }',
      'query.rows',
      queryLimits.maxRows,
    ],
    [
      'asks for too many values, although rows and fields pass',
      `{ posts(first: 100) { nodes { comments(first: 100) { nodes { ${'id '.repeat(25)} } } } } }`,
      'query.cost',
      queryLimits.maxCost,
    ],
    [
      'counts in every row',
      '{ forums(first: 100) { nodes { posts(first: 90) { nodes { comments(first: 1) { totalCount } } } } } }',
      'query.cost',
      queryLimits.maxCost,
    ],
    [
      'is too long',
      `{ viewer { id } } # ${'x'.repeat(queryLimits.maxQueryLength)}`,
      'query.length',
      queryLimits.maxQueryLength,
    ],
  ])('%s', async (_what, query, reason, limit) => {
    const statements = await recordStatements(async () => {
      expect(await refusal(query)).toMatchObject({ code: 'QUERY_TOO_COMPLEX', reason, limit });
    });
    expect(statements).toEqual([]);
  });

  it('is refused alone, before rules that compare every field with every other have looked at it', async () => {
    const { errors } = await api.ask(`{ ${'viewer { id } nothing '.repeat(400)} }`);
    expect(errors.map(({ extensions }) => extensions['reason'])).toEqual(['query.root_fields']);
  });

  it('counts a variable as the largest page', async () => {
    const query =
      'query ($n: Int) { forums(first: $n) { nodes { posts(first: $n) { nodes { comments(first: $n) { nodes { id } } } } } } }';
    expect(await refusal(query, { variables: { n: 1 } })).toMatchObject({ reason: 'query.rows' });
  });
});

it('an ordinary page of a client passes', async () => {
  const { errors } = await api.ask(
    `
    query Page($slug: String!) {
      viewer { ...person }
      forumBySlug(slug: $slug) {
        name
        posts(orderBy: HOT, first: 25) {
          pageInfo { hasNextPage endCursor }
          nodes {
            id title score myVote commentCount
            author { ...person }
            flair { name }
            comments(orderBy: BEST, first: 3) { nodes { content author { ...person } replies(first: 3) { nodes { content author { ...person } } } } }
          }
        }
      }
    }
    fragment person on User { id username displayName avatarUrl class { name color } }`,
    { variables: { slug: 'square' }, token: await api.signIn(ownerId) },
  );
  expect(errors).toEqual([]);
});

it('a subscription is refused as a query that does not fit, for there are none', async () => {
  expect(await refusal('subscription { posts { id } }')).toEqual({
    code: 'GRAPHQL_VALIDATION_FAILED',
    requestId: expect.any(String),
  });
});

it('the introspection query of tools passes', async () => {
  const { getIntrospectionQuery } = await import('postgraphile/graphql');
  expect((await api.ask(getIntrospectionQuery())).errors).toEqual([]);
});

describe('a page', () => {
  const posts = (args: string): string => `{ forumBySlug(slug: "square") { posts${args} { nodes { id } } } }`;

  it('holds 25 rows when nobody says how many', async () => {
    const { data } = await api.ask(posts(''));
    expect(data.forumBySlug.posts.nodes).toHaveLength(25);
  });

  it('holds at most 100 rows', async () => {
    const { data } = await api.ask(posts('(first: 100)'));
    expect(data.forumBySlug.posts.nodes).toHaveLength(100);
  });

  it.each(['(first: 101)', '(first: 1000)', '(first: -1)', '(last: 101)', '(last: -1)'])(
    '%s is refused, nested as well',
    async (args) => {
      expect(await refusal(posts(args))).toMatchObject({ code: 'INVALID', reason: 'page.size', limit: 100 });
    },
  );

  it('is refused by the value of a variable too', async () => {
    const { errors } = await api.ask('query ($n: Int) { posts(first: $n) { nodes { id } } }', {
      variables: { n: 5000 },
    });
    expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID', reason: 'page.size' });
  });

  it('is counted from one end only', async () => {
    expect(await refusal(posts('(first: 5, last: 5)'))).toMatchObject({ reason: 'page.direction' });
  });

  it('has no offset', async () => {
    expect(await refusal(posts('(offset: 5)'))).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  });
});

it('a statement that takes too long is stopped', async () => {
  expect(await refusal('{ slow }')).toMatchObject({ code: 'TIMEOUT', cure: expect.any(String) });
});

it('a body that is too long is not read to its end', async () => {
  const response = await fetch(api.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: '{ viewer { id } }',
      variables: { x: 'x'.repeat(queryLimits.maxBodyBytes) },
    }),
  });
  expect(response.status).toBe(413);
  const { errors } = (await response.json()) as { errors: { extensions: object }[] };
  expect(errors[0]?.extensions).toMatchObject({ code: 'REQUEST_TOO_LARGE', limit: queryLimits.maxBodyBytes });
});

it('a body that does not arrive in time is not waited for, and others are answered meanwhile', async () => {
  const { hostname, port, pathname } = new URL(api.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  const ended = new Promise((resolve) => socket.on('close', resolve));
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"que`,
  );
  expect((await api.ask('{ viewer { id } }')).errors).toEqual([]);
  await ended;
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toMatch(/"code":"REQUEST_TIMEOUT","limit":300/);
});

it('several operations in one request are refused', async () => {
  const response = await fetch(api.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ query: '{ viewer { id } }' }, { query: '{ viewer { id } }' }]),
  });
  expect(response.status).toBe(400);
  const { errors } = (await response.json()) as { errors: { extensions: object }[] };
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_REQUEST', reason: 'request.batch', limit: 1 });
});

it('the limits are settings', async () => {
  const strict = await startTestApi(db, { STOA_LIMIT_DEPTH: '3', STOA_LIMIT_PAGE_SIZE: '5' });
  const deep = await strict.ask('{ posts { nodes { author { username } } } }');
  expect(deep.errors[0]?.extensions).toMatchObject({ reason: 'query.depth', limit: 3 });
  const page = await strict.ask('{ posts { nodes { id } } }');
  expect(page.data.posts.nodes).toHaveLength(5);
  const wide = await strict.ask('{ posts(first: 6) { nodes { id } } }');
  expect(wide.errors[0]?.extensions).toMatchObject({ reason: 'page.size', limit: 5 });
});
