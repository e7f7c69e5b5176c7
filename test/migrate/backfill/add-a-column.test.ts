import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../../src/migrate/root.ts';
import { createUser, testDatabase } from '../../harness/index.ts';
import { checkout } from './checkout.ts';

const db = await testDatabase();
const page = readFileSync(join(projectRoot, 'docs/operations/add-a-column.md'), 'utf8');

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly facts: string;
}

function run(root: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [join(root, 'bin/stoa'), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], DATABASE_URL: db.url, STOA_DATA_DIR: join(root, '.stoa') },
  });
  let output = '';
  let facts = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (stream === child.stdout) facts += text;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, facts })));
}

it('the files and the commands of the page give every account the new column', async () => {
  const place = checkout({ withProgram: true });
  const files = [...page.matchAll(/^File `([^`]+)`:\n\n```sql\n(.*?)^```$/gms)];
  expect(files).toHaveLength(4);
  for (const [, path = '', text = ''] of files) place.write(path, text);
  for (const username of ['anna_holm', 'berit_ek', 'oskar_lund']) await createUser(db, { username });

  const commands = [...page.matchAll(/^```console\n(.*?)^```$/gms)]
    .flatMap(([, block = '']) => block.trimEnd().split('\n'))
    .map((line) => /^\$ stoa (.+?)(?: # (\d+))?$/.exec(line));
  expect(commands.length).toBeGreaterThanOrEqual(6);
  for (const command of commands) {
    const [line, words = '', code = '0'] = command ?? [];
    const outcome = await run(place.root, words.split(' '));
    expect({ line, ...outcome }).toMatchObject({ line, code: Number(code) });
    if (!words.includes('--json')) continue;
    expect(JSON.parse(outcome.facts)).toMatchObject({
      backfills: [
        { state: 'finished', rows: expect.any(Number), rowsPerSecond: expect.any(Number), secondsLeft: 0 },
      ],
    });
  }

  const { rows } = await db.query(
    `select initial from core.users where username in ('anna_holm', 'berit_ek', 'oskar_lund') order by member_number`,
  );
  expect(rows).toEqual([{ initial: 'A' }, { initial: 'B' }, { initial: 'O' }]);
  const { rows: columns } = await db.query(
    "select attnotnull from pg_attribute where attrelid = 'core.users'::regclass and attname = 'initial'",
  );
  expect(columns).toEqual([{ attnotnull: true }]);
});
