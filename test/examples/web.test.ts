import { tmpdir } from 'node:os';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { findFreePort } from '../../src/postgres/port.ts';
import { startTestApi, type TestApi } from '../api/api.ts';
import { createForum } from '../api/community.ts';
import { http } from '../api/http.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { browserPath, useBrowser } from './browser.ts';

let db: TestDatabase;
let api: TestApi;
const home = (): string => new URL('/', api.url).href;

beforeAll(async () => {
  db = await testDatabase();
  const ownerId = await createUser(db, { username: 'owner' });
  await createForum(db, { slug: 'square', ownerId, posts: 25 });
  api = await startTestApi(db, { STOA_ARGON2_MEMORY_KIB: '8192' });
});

describe('the web page', () => {
  const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const asCommandLine = { accept: '*/*' };
  const get = (path: string, headers: Record<string, string> = asCommandLine) =>
    http(new URL(path, api.url), { headers });

  it('is what browsers get at /, and plain text what everything else gets', async () => {
    const page = await get('/', asBrowser);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers.vary).toBe('accept');
    expect(page.text).toContain('<title>Stoa</title>');
    const text = await get('/');
    expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text.text).toContain('POST /graphql');
  });

  it('lets in scripts and styles of its own origin, and no markup made of text', async () => {
    const { headers, text } = await get('/', asBrowser);
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/);
  });

  it('loads the client of graphql-ws from a path of its own', async () => {
    const client = await get('/web/graphql-ws/client.js');
    expect(client.headers['content-type']).toBe('text/javascript; charset=utf-8');
    const [, part] = /from '\.\/([\w-]+\.js)'/.exec(client.text) ?? [];
    expect((await get(`/web/graphql-ws/${part}`)).status).toBe(200);
  });

  it.each([
    '/web/../package.json',
    '/web/%2e%2e/package.json',
    '/web/graphql-ws/index.js',
    '/web/',
    '/reset-password',
  ])('serves nothing else: %s', async (path) => {
    expect((await http(home().slice(0, -1) + path, { headers: asCommandLine })).status).toBe(404);
  });

  it('can be switched off, and in production is unless it is asked for', async () => {
    // A small schema is built sooner.
    const off = await startTestApi(db, { STOA_WEB: 'false', STOA_MODULES: 'messaging' });
    const answer = await http(new URL('/', off.url), { headers: asBrowser });
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect((await http(new URL('/web/app.js', off.url))).status).toBe(404);
    const production = { STOA_ENVIRONMENT: 'production' };
    expect((await loadConfig({ env: production, cwd: tmpdir() })).web).toBe(false);
    expect((await loadConfig({ env: { ...production, STOA_WEB: 'yes' }, cwd: tmpdir() })).web).toBe(true);
  });
});

describe.skipIf(browserPath === undefined)('a newcomer in a browser (CHROMIUM names one)', () => {
  const { visit } = useBrowser();

  async function signUp(page: Page, username: string): Promise<void> {
    await page.getByRole('button', { name: 'Sign up' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Username').fill(username);
    await dialog.getByLabel('E-mail').fill(`${username}@example.org`);
    await dialog.getByLabel('Password').fill('correct horse battery');
    await dialog.getByRole('button', { name: 'Sign up' }).click();
    await page.locator('#viewer', { hasText: username }).waitFor();
  }

  async function enterAsGuest(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByRole('button', { name: 'Look around as a guest' }).click();
    await page.locator('#viewer', { hasText: 'Guest' }).waitFor();
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await messageOf(page, text).waitFor();
  }

  const messageOf = (page: Page, text: string) => page.getByRole('log').getByText(text, { exact: true });

  it('signs up, posts, votes, and is still signed in after a reload', async () => {
    const { page, complaints } = await visit(home());
    await page.locator('.post').first().waitFor();
    expect(await page.locator('.post').count()).toBe(20);
    await page.getByRole('button', { name: 'More posts' }).click();
    await expect.poll(() => page.locator('.post').count()).toBe(25);

    await signUp(page, 'ada');
    await page.getByLabel('Title').fill('Soup <b>for</b> ten');
    await page.getByLabel('Text').fill('<img src="/web/icon.svg" onerror="alert(1)"> and onions');
    await page.getByRole('button', { name: 'Post', exact: true }).click();
    const own = page.locator('.post', { hasText: 'and onions' });
    await own.waitFor();
    // What was typed is what is read: no text became an element.
    expect(await own.locator('h3').textContent()).toBe('Soup <b>for</b> ten');
    expect(await own.locator('img, b').count()).toBe(0);

    const title = await page.locator('.post h3').nth(1).textContent();
    const other = page.locator('.post', { hasText: title ?? '' }).first();
    const score = async (): Promise<number> => Number(await other.getByLabel('Score').textContent());
    const before = await score();
    await other.getByRole('button', { name: /^Vote up/ }).click();
    await expect.poll(score).toBe(before + 1);
    await page.reload();
    await page.locator('#viewer', { hasText: 'ada' }).waitFor();
    await page.getByRole('button', { name: 'New', exact: true }).click();
    await expect
      .poll(() => own.getByRole('button', { name: /^Vote up/ }).getAttribute('aria-pressed'))
      .toBe('true');
    const { rows } = await db.query<{ title: string }>(
      `select post.title
       from forums.post_votes as vote
       join forums.posts as post on post.id = vote.post_id
       join core.users as person on person.id = vote.user_id
       where person.username = 'ada'`,
    );
    expect(rows.map((row) => row.title).sort()).toEqual([title, 'Soup <b>for</b> ten'].sort());
    expect(complaints).toEqual([]);
  });

  it('gets new tokens by itself when the old ones are about to end', async () => {
    const { page } = await visit(home());
    await enterAsGuest(page);
    const kept = (): Promise<{ accessToken: string }> =>
      page.evaluate(() => JSON.parse(localStorage.getItem('stoa.session') ?? '{}'));
    const before = await kept();
    await page.evaluate(() => {
      const session = JSON.parse(localStorage.getItem('stoa.session') ?? '{}');
      localStorage.setItem('stoa.session', JSON.stringify({ ...session, accessTokenExpiresAt: new Date() }));
    });
    await page.reload();
    await page.locator('#viewer', { hasText: 'Guest' }).waitFor();
    expect((await kept()).accessToken).not.toBe(before.accessToken);
  });

  it('is served by cookies, and by the modules that are there, where the server is set up so', async () => {
    const port = await findFreePort();
    const other = await startTestApi(db, {
      STOA_PORT: String(port),
      STOA_PUBLIC_URL: `http://127.0.0.1:${port}`,
      STOA_SESSION_COOKIES: 'true',
      STOA_MODULES: 'forums',
    });
    const { page } = await visit(new URL('/', other.url).href);
    await page.locator('.post').first().waitFor();
    await page.locator('#talk').waitFor({ state: 'hidden' });
    await enterAsGuest(page);
    await page
      .getByRole('button', { name: /^Vote up/ })
      .first()
      .click();
    await page.locator('.vote.up[aria-pressed="true"]').waitFor();
    expect(await page.evaluate(() => localStorage.getItem('stoa.session'))).toContain('(cookie)');
  });

  it('is told why a link of an e-mail does not work', async () => {
    const { page } = await visit(new URL(`/verify-email#token=${'x'.repeat(43)}`, home()).href);
    await page.locator('#toast', { hasText: 'link' }).waitFor();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/');
    expect(page.url()).not.toContain('token');
  });

  it('sees at once what another browser writes, on a telephone as on a desk', async () => {
    const { page: desk, complaints } = await visit(home());
    await signUp(desk, 'ben');
    await desk.getByRole('button', { name: 'New group' }).click();
    await desk.getByLabel('Name of the group').fill('Kitchen');
    await desk.getByRole('button', { name: 'Start', exact: true }).click();
    await say(desk, 'Is anybody here?');

    const { page: telephone } = await visit(home(), {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await enterAsGuest(telephone);
    await telephone.getByRole('button', { name: 'Talk', exact: true }).click();
    await telephone.getByLabel('Group', { exact: true }).selectOption({ label: 'Kitchen' });
    await telephone.getByRole('button', { name: 'Join to write' }).click();
    await messageOf(telephone, 'Is anybody here?').waitFor();
    await Promise.all([desk, telephone].map((page) => page.getByText('Live', { exact: true }).waitFor()));

    await say(telephone, '<i>Me!</i>');
    await messageOf(desk, '<i>Me!</i>').waitFor();
    await say(desk, 'Good.');
    await messageOf(telephone, 'Good.').waitFor();
    // The page is as wide as the telephone, not wider.
    expect(await telephone.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(complaints).toEqual([]);
  });

  it('sees it a little later where no WebSocket gets through', async () => {
    const { page: writer } = await visit(home());
    await signUp(writer, 'carl');
    await writer.getByRole('button', { name: 'New group' }).click();
    await writer.getByLabel('Name of the group').fill('Cellar');
    await writer.getByRole('button', { name: 'Start', exact: true }).click();

    const { page: reader } = await visit('about:blank');
    await reader.routeWebSocket('**/graphql', (socket) => socket.close({ code: 1011 }));
    await reader.goto(home());
    await reader.getByLabel('Group', { exact: true }).selectOption({ label: 'Cellar' });
    await reader.getByText('Every few seconds').waitFor();
    await say(writer, 'Patience.');
    await messageOf(reader, 'Patience.').waitFor();
  });
});
