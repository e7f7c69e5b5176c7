import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { type HttpAnswer, http, json, post } from './http.ts';

const site = 'https://community.example';
const app = 'https://app.example';
const foreign = 'https://evil.example';

let db: TestDatabase;
let closed: TestApi;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  [closed, api] = await Promise.all([
    startTestApi(db),
    startTestApi(db, {
      STOA_PUBLIC_URL: site,
      STOA_CORS_ORIGINS: app,
      STOA_SESSION_COOKIES: 'true',
    }),
  ]);
});

const preflight = (url: string, origin: string): Promise<HttpAnswer> =>
  http(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });

describe('a page of another origin', () => {
  it('may ask when its origin is in the setting', async () => {
    const allowed = await preflight(api.url, app);
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': app,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST, PUT',
      vary: 'origin',
    });
    const answer = await post(api.url, '{ viewer { id } }', { origin: app });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': app,
      'access-control-expose-headers': 'x-request-id, retry-after',
    });
  });

  it.each([
    ['another origin', foreign],
    ['an origin that begins the same', `${app}.evil.example`],
    ['the same over http', 'http://app.example'],
    ['no origin at all', 'null'],
  ])('may not when it is %s', async (_what, origin) => {
    const refused = await preflight(api.url, origin);
    expect(refused.status).toBe(403);
    expect(json(refused).errors[0].extensions).toMatchObject({ code: 'FORBIDDEN', reason: 'cors.origin' });
    const answer = await post(api.url, '{ viewer { id } }', { origin });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('may not at all where no origin is set', async () => {
    expect((await preflight(closed.url, app)).status).toBe(403);
    const answer = await post(closed.url, '{ viewer { id } }', { origin: app });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('may be any page, but not together with cookies', async () => {
    const any = await startTestApi(db, { STOA_CORS_ORIGINS: '*' });
    expect((await preflight(any.url, foreign)).headers['access-control-allow-origin']).toBe('*');
    expect((await preflight(any.url, foreign)).headers['access-control-allow-credentials']).toBeUndefined();
    await expect(
      loadConfig({ env: { STOA_CORS_ORIGINS: '*', STOA_SESSION_COOKIES: 'true' } }),
    ).rejects.toMatchObject({ code: 'config.contradiction' });
    await expect(loadConfig({ env: { STOA_CORS_ORIGINS: 'app.example' } })).rejects.toMatchObject({
      code: 'config.invalid',
    });
  });
});

describe('a session in cookies', () => {
  const signUp =
    'mutation { registerAnonymous(input: {}) { user { id } tokens { accessToken refreshToken } } }';

  const cookiesOf = (answer: HttpAnswer): Record<string, string> =>
    Object.fromEntries(
      (answer.headers['set-cookie'] ?? []).map((cookie) => (cookie.split(';')[0] ?? '').split('=')),
    );
  const header = (cookies: Record<string, string>): Record<string, string> => ({
    cookie: Object.entries(cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; '),
  });

  it('is kept where no script can read it, and the page learns no token', async () => {
    const answer = await post(api.url, signUp, { origin: site });
    const { user, tokens } = json(answer).data.registerAnonymous;
    expect(tokens).toEqual({ accessToken: '(cookie)', refreshToken: '(cookie)' });
    const set = answer.headers['set-cookie'] ?? [];
    expect(set).toHaveLength(2);
    for (const cookie of set) {
      expect(cookie).toMatch(
        /^stoa_(access|refresh)=[\w-]{30,}; Max-Age=\d+; Path=\/graphql; HttpOnly; SameSite=Lax; Secure$/,
      );
    }
    const viewer = await post(api.url, '{ viewer { id } }', { ...header(cookiesOf(answer)), origin: site });
    expect(json(viewer).data.viewer).toEqual({ id: user.id });
  });

  it('does not act for a page of another site', async () => {
    const cookies = header(cookiesOf(await post(api.url, signUp)));
    const rename = 'mutation { updateProfile(input: { patch: {} }) { clientMutationId } }';
    const forged: readonly Record<string, string>[] = [
      { origin: foreign },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of forged) {
      const answer = await post(api.url, rename, { ...cookies, ...headers });
      expect(answer.status).toBe(403);
      expect(json(answer).errors[0].extensions).toMatchObject({ code: 'FORBIDDEN', reason: 'csrf.origin' });
    }
    // What a form can send without a preflight.
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const form = await http(api.url, {
        method: 'POST',
        headers: { ...cookies, 'content-type': type },
        body: JSON.stringify({ query: '{ viewer { id } }' }),
      });
      expect(form.status).toBe(415);
    }
    const link = await http(`${api.url}?query=${encodeURIComponent('{ viewer { id } }')}`, {
      headers: cookies,
    });
    expect(link.status).toBe(405);
  });

  it('cannot be planted by a page of another site', async () => {
    const answer = await post(api.url, signUp, { origin: foreign });
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('is renewed and ended through the cookies', async () => {
    const old = cookiesOf(await post(api.url, signUp));
    const refresh = 'mutation { refreshSession(input: {}) { user { id } } }';
    const renewed = await post(api.url, refresh, header({ stoa_refresh: old['stoa_refresh'] ?? '' }));
    expect(json(renewed).errors).toBeUndefined();
    const current = cookiesOf(renewed);
    expect(current['stoa_access']).not.toBe(old['stoa_access']);

    const stale = await post(api.url, '{ viewer { id } }', header(old));
    expect(stale.status).toBe(401);
    expect(stale.headers['set-cookie']).toEqual([expect.stringMatching(/^stoa_access=; Max-Age=0;/)]);

    const left = await post(api.url, 'mutation { signOut(input: {}) { ended } }', header(current));
    expect(json(left).data.signOut.ended).toBe(true);
    expect(cookiesOf(left)).toEqual({ stoa_access: '', stoa_refresh: '' });
    expect((await post(api.url, '{ viewer { id } }', header(current))).status).toBe(401);
  });

  it('is not there unless the setting says so', async () => {
    const answer = await post(closed.url, signUp);
    expect(answer.headers['set-cookie']).toBeUndefined();
    const { accessToken } = json(answer).data.registerAnonymous.tokens;
    const asked = await post(closed.url, '{ viewer { id } }', { cookie: `stoa_access=${accessToken}` });
    expect(json(asked).data.viewer).toBeNull();
  });
});

it('every answer carries the headers that browsers heed', async () => {
  for (const path of ['/', '/graphql', '/healthz', '/nowhere']) {
    const { headers } = await http(new URL(path, api.url));
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cache-control': 'no-store',
      'strict-transport-security': expect.stringContaining('max-age='),
    });
  }
  const explorer = await http(new URL('/explorer', closed.url));
  expect(explorer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(explorer.headers['strict-transport-security']).toBeUndefined();
});
