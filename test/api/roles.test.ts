import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';

let db: TestDatabase;
let api: TestApi;
let ownerId: string;
let memberId: string;

beforeAll(async () => {
  db = await testDatabase();
  ownerId = await createUser(db, { username: 'owner' });
  memberId = await createUser(db, { username: 'member' });
  await createForum(db, { slug: 'open', ownerId, posts: 3 });
  await createForum(db, { slug: 'closed', ownerId, posts: 3, isPublic: false });
  api = await startTestApi(db);
});

const slugs = async (token?: string): Promise<string[]> => {
  const { data, errors } = await api.ask(
    '{ forums { nodes { slug } } }',
    token === undefined ? {} : { token },
  );
  expect(errors).toEqual([]);
  return data.forums.nodes.map((forum: { slug: string }) => forum.slug).sort();
};

describe('a request sees what its role may see', () => {
  it('a visitor: public forums and their posts', async () => {
    expect(await slugs()).toEqual(['open']);
    const { data } = await api.ask(
      '{ forumBySlug(slug: "closed") { id } posts { nodes { forum { slug } } } }',
    );
    expect(data.forumBySlug).toBeNull();
    expect(data.posts.nodes).toHaveLength(3);
  });

  it('a member: what is theirs besides', async () => {
    expect(await slugs(await api.signIn(memberId))).toEqual(['open']);
    expect(await slugs(await api.signIn(ownerId))).toEqual(['closed', 'open']);
  });

  it('a moderator: every forum', async () => {
    const moderator = await createUser(db, { username: 'keeper', role: 'moderator' });
    expect(await slugs(await api.signIn(moderator))).toEqual(['closed', 'open']);
  });

  it('columns that are for moderators are refused to others, without naming them', async () => {
    const query = '{ userByUsername(username: "owner") { bannedUntil } }';
    const { data, errors } = await api.ask(query, { token: await api.signIn(memberId) });
    expect(data.userByUsername).toBeNull();
    expect(errors[0]).toMatchObject({ message: 'You may not do that.', extensions: { code: 'FORBIDDEN' } });
    const moderator = await createUser(db, { username: 'warden', role: 'moderator' });
    const allowed = await api.ask(query, { token: await api.signIn(moderator) });
    expect(allowed.errors).toEqual([]);
  });

  it('procedures for members are refused to visitors, who are told to sign in', async () => {
    const { errors } = await api.ask('mutation { heartbeat(input: {}) { clientMutationId } }');
    expect(errors[0]?.extensions).toEqual({
      code: 'UNAUTHENTICATED',
      reason: 'session.required',
      cure: expect.any(String),
      requestId: expect.any(String),
    });
  });
});

describe('an access token', () => {
  const bearer = (authorization: string): Promise<Response> =>
    fetch(api.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: '{"query":"{ viewer { id } }"}',
    });

  it.each(['Bearer unknown-token', 'Bearer', 'Basic YTpi', 'Bearer a b'])(
    '"%s" is an error, not a visitor',
    async (header) => {
      const response = await bearer(header);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
      const { errors } = (await response.json()) as { errors: { extensions: object }[] };
      expect(errors[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', cure: expect.any(String) });
    },
  );

  it('that has expired or was signed out is one as well', async () => {
    const expired = await api.signIn(memberId);
    expect((await bearer(`Bearer ${expired}`)).status).toBe(200);
    await db.query(
      "update auth.sessions set token_expires_at = now() - interval '1 second' where user_id = $1",
      [memberId],
    );
    expect((await bearer(`Bearer ${expired}`)).status).toBe(401);

    const signedOut = await api.signIn(memberId);
    await api.ask('mutation { signOut(input: {}) { clientMutationId } }', { token: signedOut });
    expect((await bearer(`Bearer ${signedOut}`)).status).toBe(401);
  });

  it('of a banned account has a name and the rights of a visitor', async () => {
    const bannedId = await createUser(db, { username: 'banned' });
    const token = await api.signIn(bannedId);
    await db.query("update core.users set banned_until = 'infinity' where id = $1", [bannedId]);
    expect((await api.ask('{ viewer { username } }', { token })).data.viewer).toEqual({ username: 'banned' });
    const { errors } = await api.ask('mutation { heartbeat(input: {}) { clientMutationId } }', { token });
    expect(errors[0]?.extensions['code']).toBe('FORBIDDEN');
  });
});
