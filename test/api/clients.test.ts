import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
import { fetchExchange, Client as UrqlClient } from '@urql/core';
import { getOperationAST, parse } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentsOf } from '../../examples/documents.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { type GraphqlError, startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';

/** The page itself: what is run below is what stands there. */
const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const documents = documentsOf(page);

const storage = mkdtempSync(join(tmpdir(), 'stoa-clients-'));
afterAll(() => rmSync(storage, { recursive: true }));

const password = 'correct horse battery';
let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  const ownerId = await createUser(db, { username: 'owner' });
  await createForum(db, { slug: 'home-cooking', ownerId, posts: 12 });
  api = await startTestApi(db, { STOA_STORAGE: storage, STOA_ARGON2_MEMORY_KIB: '8192' });
  const { errors } = await api.ask(
    `mutation { register(input: { email: "ada@example.org", password: "${password}", username: "ada" }) { accepted } }`,
  );
  expect(errors).toEqual([]);
});

interface Outcome {
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asked for
  readonly data: any;
  readonly errors: readonly Pick<GraphqlError, 'message' | 'path' | 'extensions'>[];
}

type Variables = Readonly<Record<string, unknown>>;

/** A client library, set up as its own documentation begins. */
type Send = (url: string, text: string, variables: Variables, token?: string) => Promise<Outcome>;

const headersFor = (token?: string): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

const isMutation = (text: string): boolean => getOperationAST(parse(text))?.operation === 'mutation';

/** What a library hands over of an error, whatever its class. */
function asTold(error: object): GraphqlError {
  const { message, path, extensions } = error as GraphqlError;
  return { message, extensions, ...(path ? { path } : {}) };
}

const clients: readonly (readonly [string, Send])[] = [
  [
    'urql',
    async (url, text, variables, token) => {
      const client = new UrqlClient({
        url,
        exchanges: [fetchExchange],
        preferGetMethod: false,
        fetchOptions: { headers: headersFor(token) },
      });
      const { data, error } = await (isMutation(text)
        ? client.mutation(text, variables)
        : client.query(text, variables)
      ).toPromise();
      if (error?.networkError) throw error.networkError;
      return { data, errors: (error?.graphQLErrors ?? []).map(asTold) };
    },
  ],
  [
    'Apollo Client',
    async (url, text, variables, token) => {
      const client = new ApolloClient({
        link: new HttpLink({ uri: url, headers: headersFor(token) }),
        cache: new InMemoryCache(),
      });
      const document = gql(text);
      try {
        const { data } = await (isMutation(text)
          ? client.mutate({ mutation: document, variables })
          : client.query({ query: document, variables }));
        return { data, errors: [] };
      } catch (error) {
        if (!CombinedGraphQLErrors.is(error)) throw error;
        return { data: undefined, errors: error.errors.map(asTold) };
      }
    },
  ],
  [
    'graphql-request',
    async (url, text, variables, token) => {
      const client = new GraphQLClient(url, { headers: headersFor(token) });
      try {
        return { data: await client.request(text, variables), errors: [] };
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        return { data: undefined, errors: (error.response.errors ?? []).map(asTold) };
      }
    },
  ],
];

describe.each(clients)('%s runs the examples of docs/api.md', (library, send) => {
  const ran = new Set<string>();
  let token: string;
  let refreshToken: string;

  const run = (name: string, variables: Variables, as?: string): Promise<Outcome> => {
    const document = documents.find((known) => known.name === name);
    if (!document) throw new Error(`docs/api.md has no operation ${name}`);
    ran.add(name);
    return send(api.url, document.text, variables, as);
  };

  it('signs in', async () => {
    const { data, errors } = await run('SignIn', { name: 'ada', password });
    expect(errors).toEqual([]);
    expect(data.signIn).toMatchObject({ secondFactor: null, user: { username: 'ada' } });
    ({ accessToken: token, refreshToken } = data.signIn.tokens);
    expect((await run('Viewer', {}, token)).data.viewer.username).toBe('ada');
    expect((await run('Viewer', {})).data.viewer).toBeNull();
  });

  it('shows a first screen', async () => {
    const { data, errors } = await run('FirstScreen', {}, token);
    expect(errors).toEqual([]);
    expect(data.viewer).toMatchObject({ username: 'ada', overview: { sessionRole: 'member' } });
    expect(data.inbox).toEqual([]);
  });

  it('refreshes its session, and the refresh token works once', async () => {
    const { data } = await run('RefreshSession', { refreshToken });
    const before = token;
    token = data.refreshSession.tokens.accessToken;
    expect(token).not.toBe(before);
    expect((await run('Viewer', {}, token)).data.viewer.username).toBe('ada');
  });

  it('reads two pages, without gap or repetition', async () => {
    const pages = [];
    let after: string | null = null;
    for (const expected of [true, true, false]) {
      const { data, errors } = await run('ForumPosts', { slug: 'home-cooking', first: 5, after });
      expect(errors).toEqual([]);
      const { nodes, pageInfo } = data.forumBySlug.posts;
      expect(pageInfo.hasNextPage).toBe(expected);
      after = pageInfo.endCursor;
      pages.push(...nodes.map((post: { id: string }) => post.id));
    }
    const { rows } = await db.query<{ id: string }>(
      'select id from forums.posts order by hot_rank desc, id desc',
    );
    expect(pages).toEqual(rows.map(({ id }) => id));
  });

  it('is told what the page says it is told', async () => {
    const shown = /```json\n([\s\S]*?)```/.exec(page)?.[1];
    const { errors } = await run('CreatePost', { forumId: await forumId(), title: 'Hello' });
    expect({ errors }).toMatchObject(JSON.parse(shown ?? 'null'));
  });

  it('posts once although it asks twice, and votes', async () => {
    const post = { forumId: await forumId(), title: `Hello from ${library}`, content: 'Soup.', key: library };
    const first = await run('CreatePost', post, token);
    expect(first.errors).toEqual([]);
    expect(first.data.createPost.post).toMatchObject({
      title: post.title,
      forum: { slug: 'home-cooking' },
      author: { username: 'ada' },
    });
    const postId: string = first.data.createPost.post.id;
    expect((await run('CreatePost', post, token)).data.createPost.post.id).toBe(postId);
    const vote = await run('VotePost', { postId, direction: -1 }, token);
    expect(vote.data.votePost.tally).toMatchObject({ score: -1, mine: -1 });
    await db.query('delete from forums.post_votes where post_id = $1', [postId]);
    await db.query('delete from forums.posts where id = $1', [postId]);
  });

  it('sends a file', async () => {
    const pixel = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
      'base64',
    );
    const created = await run(
      'CreateUpload',
      { filename: 'cat.png', contentType: 'image/png', sizeBytes: String(pixel.length) },
      token,
    );
    expect(created.errors).toEqual([]);
    const { id, transfer } = created.data.createUpload.upload;
    // The API of a test listens elsewhere than its public address says.
    const url = transfer.url.replace('http://localhost:5678', new URL(api.url).origin);
    const headers = transfer.headers.map(({ name, value }: { name: string; value: string }) => [name, value]);
    const put = await fetch(url, { method: transfer.method, headers, body: new Uint8Array(pixel) });
    expect(put.ok).toBe(true);
    const { data } = await run('CompleteUpload', { id }, token);
    expect(data.completeUpload.upload).toMatchObject({ status: 'ready', width: 1, height: 1 });
  });

  it('has left out none of them', () => {
    expect([...ran].sort()).toEqual(documents.map(({ name }) => name).sort());
  });
});

it('the command line of the page is answered', async () => {
  const body = /-d '(\{[\s\S]*?\n\})'/.exec(page)?.[1];
  const response = await fetch(api.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body ?? '',
  });
  const { data } = (await response.json()) as Outcome;
  expect(data.forumBySlug.posts.nodes).toHaveLength(5);
});

async function forumId(): Promise<string> {
  const { rows } = await db.query<{ id: string }>("select id from forums.forums where slug = 'home-cooking'");
  return rows[0]?.id ?? '';
}
