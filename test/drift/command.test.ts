import { beforeAll, describe, expect, it } from 'vitest';
import { compareWith } from '../../src/drift/find.ts';
import { exitCodes } from '../../src/errors.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { temporaryProject } from '../harness/installation.ts';

const folder = await temporaryProject();
let live: TestDatabase;
beforeAll(async () => {
  live = await testDatabase();
});

const stoa = (...args: string[]) => folder.run(['drift', ...args], { DATABASE_URL: live.url });

describe('stoa drift', () => {
  let id = '';

  it('finds what was done by hand, and tells both sides in 100 columns', async () => {
    await live.query('alter table core.users alter column premium_tier set default 2');
    await live.query('alter table core.users disable trigger touch_updated_at');
    await live.query("alter function core.require_member() set work_mem = '8MB'");
    const found = await stoa();
    expect(found.code).toBe(exitCodes.checkFailed);
    for (const line of found.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(found.stdout).toMatch(
      /^core\.users\n {2}~ column core\.users\.premium_tier +[0-9a-f]{8}\n {4}history .*default=0.*\n {4}live .*default=2/m,
    );
    expect(found.stdout).toContain('0 added, 0 removed, 3 changed');
    id = /trigger core\.users\.touch_updated_at +([0-9a-f]{8})/.exec(found.stdout)?.[1] ?? '';
  });

  it('accepts one of them, which is then left out', async () => {
    const accepted = await stoa(
      '--suppress',
      id,
      '--reason',
      'A load is under way.',
      '--until',
      '2999-01-01',
    );
    expect(accepted).toMatchObject({ code: exitCodes.ok });
    const history = await testDatabase();
    const rest = await compareWith(history.url, 0, { databaseUrl: live.url });
    expect(rest.differences.map(({ identity }) => identity)).toEqual([
      'core.users.premium_tier',
      'core.require_member()',
    ]);
    expect(rest.accepted.map(({ identity }) => identity)).toEqual(['core.users.touch_updated_at']);
  });

  it.each([
    [['--suppress', 'x'], '--suppress needs a --reason'],
    [['--adopt', '!!'], 'does not make a file name'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await stoa(...args);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain(message);
  });
});
