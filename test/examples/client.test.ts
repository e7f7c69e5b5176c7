import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../api/api.ts';
import { createForum } from '../api/community.ts';
import { createUser, testDatabase } from '../harness/index.ts';

const run = promisify(execFile);
const fileOf = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const password = 'correct horse battery';
let api: TestApi;

beforeAll(async () => {
  const db = await testDatabase();
  const ownerId = await createUser(db, { username: 'owner' });
  await createForum(db, { slug: 'general', ownerId, posts: 6 });
  api = await startTestApi(db, { STOA_ARGON2_MEMORY_KIB: '8192' });
  await api.ask(
    `mutation { register(input: { email: "ada@example.org", password: "${password}", username: "ada" }) { accepted } }`,
  );
});

it('the tour of the typed client reads, is refused, signs in, posts, refreshes and votes', async () => {
  const { stdout } = await run(process.execPath, [fileOf('client/tour.ts'), 'ada', 'general', api.url], {
    env: { ...process.env, STOA_PASSWORD: password },
  });
  expect(stdout.match(/^ {2}-?\d+ {2}post \d$/gm)).toHaveLength(6);
  expect(new Set(stdout.match(/post \d/g)).size).toBe(6);
  expect(stdout).toContain('Posting as a visitor: UNAUTHENTICATED, session.required.');
  expect(stdout).toContain('Signed in as ada.');
  expect(stdout).toContain('Posted "Hello from the tour" and voted it down: score -1.');
});

it('what was generated is current', async () => {
  const { stderr } = await run(process.execPath, [fileOf('generate.ts'), '--check']);
  expect(stderr).toContain('is current');
});
