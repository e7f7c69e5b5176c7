import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { http, json, post } from './http.ts';

let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create function forums.break_down(p_text text) returns integer language plpgsql as
      $$ begin raise exception 'it broke' using errcode = 'XX000', detail = p_text; end $$;
    grant execute on function forums.break_down(text) to stoa_anonymous;
  `);
  api = await startTestApi(db, { STOA_TRUST_PROXY: '1' });
});

const line = async (requestId: string): Promise<Readonly<Record<string, unknown>>> =>
  vi.waitFor(() => {
    const found = api.log.find((entry) => entry['msg'] === 'request' && entry['requestId'] === requestId);
    if (!found) throw new Error(`there is no line of ${requestId}`);
    return found;
  });

it('the log of a whole session holds nothing of the person', async () => {
  const secrets = {
    email: 'very.private@mail.example',
    password: 'correct horse battery staple',
    wrongPassword: 'incorrect horse battery',
    username: 'veryprivate',
    address: '203.0.113.200',
    variable: 'a thing that nobody else should read',
  };
  const told: string[] = [];
  const console = vi
    .spyOn(globalThis.console, 'error')
    .mockImplementation((...words) => void told.push(words.join(' ')));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((words) => {
    told.push(String(words));
    return true;
  });
  const ask = async (query: string, variables: object, headers: Record<string, string> = {}) =>
    json(
      await http(api.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': secrets.address, ...headers },
        body: JSON.stringify({ query, variables }),
      }),
    );
  try {
    const { email, password, wrongPassword, username, variable } = secrets;
    const register =
      'mutation ($email: String!, $password: String!, $username: String!) { register(input: { email: $email, password: $password, username: $username }) { accepted } }';
    expect((await ask(register, { email, password, username })).data.register.accepted).toBe(true);
    const signIn =
      'mutation ($name: String!, $password: String!) { signIn(input: { name: $name, password: $password }) { tokens { accessToken refreshToken } } }';
    expect((await ask(signIn, { name: email, password: wrongPassword })).errors).toHaveLength(1);
    const { accessToken, refreshToken } = (await ask(signIn, { name: email, password })).data.signIn.tokens;
    const as = { authorization: `Bearer ${accessToken}` };
    expect((await ask('{ viewer { username } }', {}, as)).data.viewer.username).toBe(username);
    const refresh =
      'mutation ($t: String) { refreshSession(input: { refreshToken: $t }) { tokens { accessToken refreshToken } } }';
    const renewed = (await ask(refresh, { t: refreshToken })).data.refreshSession.tokens;
    await ask('{ viewer { id } }', {}, as);
    await ask('{ viewer { id } }', {}, { authorization: `Bearer ${variable}` });
    await ask(`{ userByUsername(username: "${username}") { id } }`, {});
    await ask('mutation ($t: String!) { breakDown(input: { text: $t }) { count } }', { t: variable });
    await ask(`{ nothing(email: "${email}") }`, {});
    await ask('query ($id: UUID!) { forum(id: $id) { id } }', { id: email });
    await ask(`{ "${email}`, {});
    await http(new URL(`/reset/${email}?token=${refreshToken}`, api.url));
    await http(new URL(`/graphql?email=${email}`, api.url));
    await post(api.url, 'mutation { signOut(input: {}) { ended } }', {
      authorization: `Bearer ${renewed.accessToken}`,
    });

    await vi.waitFor(() =>
      expect(api.log.filter(({ msg }) => msg === 'request').length).toBeGreaterThanOrEqual(15),
    );
    const lines = api.log.filter(({ msg }) => msg !== 'API listens');
    const written = [JSON.stringify(lines), ...told].join('\n');
    const tokens = [accessToken, refreshToken, renewed.accessToken, renewed.refreshToken];
    for (const secret of [...Object.values(secrets), ...tokens, '127.0.0.1']) {
      expect(written).not.toContain(secret);
    }
    expect(written).toContain('unexpected error in a request');
  } finally {
    console.mockRestore();
    stderr.mockRestore();
  }
});

describe('a request', () => {
  it('has one line with its id, kind, time and the codes of its errors', async () => {
    const answer = await post(api.url, 'mutation { signOut(input: {}) { ended } }', {
      'x-request-id': 'trace-7',
    });
    expect(answer.headers['x-request-id']).toBe('trace-7');
    expect(json(answer).errors[0].extensions.requestId).toBe('trace-7');
    expect(await line('trace-7')).toMatchObject({
      method: 'POST',
      path: '/graphql',
      status: 200,
      operation: 'mutation',
      codes: ['UNAUTHENTICATED'],
      ms: expect.any(Number),
    });
  });

  it('that was refused before it ran carries its id in the error and in the log as well', async () => {
    const refused = await Promise.all([
      http(api.url, { headers: { 'x-request-id': 'refused-1' } }),
      post(api.url, '{ nothing }', { 'x-request-id': 'refused-2' }),
      post(api.url, '{ viewer { id } }', { 'x-request-id': 'refused-3', authorization: 'Bearer x' }),
      post(api.url, '{', { 'x-request-id': 'refused-4' }),
    ]);
    expect(refused.map((answer) => json(answer).errors[0].extensions)).toMatchObject([
      { code: 'BAD_REQUEST', requestId: 'refused-1' },
      { code: 'GRAPHQL_VALIDATION_FAILED', requestId: 'refused-2' },
      { code: 'UNAUTHENTICATED', requestId: 'refused-3' },
      { code: 'GRAPHQL_PARSE_FAILED', requestId: 'refused-4' },
    ]);
    expect(await line('refused-2')).toMatchObject({ status: 400, codes: ['GRAPHQL_VALIDATION_FAILED'] });
  });

  it.each(['two words', 'x'.repeat(65), '"},{"level":"fatal', '{{7*7}}'])(
    'does not take %j for an id',
    async (given) => {
      const answer = await post(api.url, '{ viewer { id } }', { 'x-request-id': given });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('tells its address only where the setting says so', async () => {
    const open = await startTestApi(db, { STOA_LOG_ADDRESSES: 'true', STOA_TRUST_PROXY: '1' });
    await post(open.url, '{ viewer { id } }', { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'seen' });
    await vi.waitFor(() =>
      expect(open.log).toContainEqual(expect.objectContaining({ requestId: 'seen', ip: '203.0.113.9' })),
    );
  });
});
