import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let migrated: TestDatabase;
let empty: TestDatabase;
let folder: string;
beforeAll(async () => {
  migrated = await testDatabase();
  empty = await testDatabase({ empty: true });
  folder = await mkdtemp(join(tmpdir(), 'stoa-docs-command-'));
});
afterAll(() => rm(folder, { recursive: true }));

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

  it('says what to do about a database that is not migrated', async () => {
    const refused = await stoa(empty.url, 'docs', 'check');
    expect(refused.code).toBe(4);
    expect(refused.err).toContain('stoa migrate up');
  });
});
