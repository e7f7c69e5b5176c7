import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let migrated: TestDatabase;
let empty: TestDatabase;
let checkout: string;
let folder: string;
beforeAll(async () => {
  migrated = await testDatabase();
  empty = await testDatabase({ empty: true });
  checkout = await mkdtemp(join(tmpdir(), 'stoa-docs-command-'));
  folder = join(checkout, 'docs');
});
afterAll(() => rm(checkout, { recursive: true }));

function stoa(databaseUrl: string, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'bin/stoa'), ...words, '--folder', folder],
      { cwd: root, env: { ...process.env, DATABASE_URL: databaseUrl } },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

describe('stoa docs', () => {
  it('builds the pages and then finds them current', async () => {
    const built = await stoa(migrated.url, 'docs', 'build');
    expect(built).toMatchObject({ code: 0 });
    expect(built.out).toContain('schema/core.md');
    expect(await readdir(folder)).toEqual(['errors.md', 'operations', 'schema']);

    expect(await stoa(migrated.url, 'docs', 'check')).toMatchObject({ code: 0, out: '' });
  });

  it('lists the pages that are not current and exits with 6', async () => {
    await appendFile(join(folder, 'errors.md'), 'An error that was made up.\n');
    const checked = await stoa(migrated.url, 'docs', 'check', '--json');
    expect(checked.code).toBe(6);
    expect(JSON.parse(checked.out)).toMatchObject({
      isCurrent: false,
      pages: [{ path: expect.stringMatching(/errors\.md$/), state: 'stale' }],
    });
  });

  describe('with a coverage.json', () => {
    const covered = (item: object): Promise<void> =>
      writeFile(
        join(folder, 'coverage.json'),
        JSON.stringify({
          platforms: [
            {
              name: 'A forum',
              summary: 'Threads.',
              tables: [
                {
                  name: 'threads',
                  lives: ['forums.posts', 'forums.vote_post()'],
                  test: 'test/threads.test.ts',
                  title: "a thread's votes",
                  ...item,
                },
              ],
              flows: [],
            },
          ],
        }),
      );
    beforeAll(async () => {
      await mkdir(join(checkout, 'test'));
      await writeFile(
        join(checkout, 'test', 'threads.test.ts'),
        `test("a thread's votes", () => db.query('select forums.vote_post($1, 1)'));`,
      );
    });

    it('writes the page of what it names and of the tests that call each procedure', async () => {
      await covered({});
      expect(await stoa(migrated.url, 'docs', 'build')).toMatchObject({ code: 0 });
      const text = await readFile(join(folder, 'coverage.md'), 'utf8');
      expect(text).toContain(
        "| threads | [`forums.posts`](schema/forums.md), [`forums.vote_post()`](schema/forums.md) | [threads](../test/threads.test.ts): a thread's votes |",
      );
      expect(text).toContain('| `forums.vote_post` | [threads](../test/threads.test.ts) |');
    });

    it.each([
      [{ lives: ['forums.threads'] }, 'threads: there is no forums.threads'],
      [{ title: 'a thread' }, 'threads: test/threads.test.ts has no test "a thread"'],
      [{ test: 'test/posts.test.ts' }, 'threads: there is no file test/posts.test.ts'],
    ])('refuses one that names what is not there: %o', async (item, fault) => {
      await covered(item);
      const refused = await stoa(migrated.url, 'docs', 'build');
      expect(refused.code).toBe(6);
      expect(refused.err).toContain(fault);
    });
  });

  it('says what to do about a database that is not migrated', async () => {
    const refused = await stoa(empty.url, 'docs', 'check');
    expect(refused.code).toBe(4);
    expect(refused.err).toContain('stoa migrate up');
  });
});
