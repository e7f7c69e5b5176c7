import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { loadMigrations } from '../../src/migrate/load.ts';
import { projectRoot } from '../../src/migrate/root.ts';
import { resolveModules } from '../../src/modules.ts';
import { temporaryProject } from '../harness/installation.ts';
import { emptyDatabase, session } from './project.ts';

const folder = await temporaryProject();

describe('stoa migrate', () => {
  it('leads from an empty database to a current one, and says so with its exit codes', async () => {
    const url = await emptyDatabase();
    const stoa = (...args: string[]) => folder.run(['migrate', ...args], { DATABASE_URL: url });
    const names = (await loadMigrations(projectRoot, resolveModules())).map(({ name }) => name);

    const before = await stoa('status', '--check', '--json');
    expect(before.code).toBe(exitCodes.checkFailed);
    expect(JSON.parse(before.stdout)).toMatchObject({
      counts: { applied: 0, pending: names.length },
      isCurrent: false,
    });

    const dry = await stoa('up', '--dry-run');
    expect(dry.code).toBe(exitCodes.ok);
    expect(dry.stdout).toContain('create schema core');
    const client = await session(url);
    expect((await client.query("select to_regnamespace('core') as core")).rows).toEqual([{ core: null }]);

    const up = await stoa('up', '--json');
    expect(up).toMatchObject({ code: exitCodes.ok });
    expect(JSON.parse(up.stdout)).toMatchObject({ applied: names });

    const after = await stoa('status', '--check');
    expect(after.code).toBe(exitCodes.ok);
    expect(after.stdout).toContain(`${names.length} applied`);
    for (const line of after.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('leaves out the modules that are not chosen', async () => {
    const url = await emptyDatabase();
    const env = { DATABASE_URL: url, STOA_MODULES: 'core' };
    expect(await folder.run(['migrate', 'up'], env)).toMatchObject({ code: exitCodes.ok });
    const client = await session(url);
    expect((await client.query("select to_regnamespace('forums') as forums")).rows).toEqual([
      { forums: null },
    ]);
    expect(await folder.run(['migrate', 'up'], { DATABASE_URL: url })).toMatchObject({ code: exitCodes.ok });
    expect((await client.query("select to_regnamespace('forums') is not null as is_there")).rows).toEqual([
      { is_there: true },
    ]);
  });

  it('refuses to reset a database that is not disposable', async () => {
    const url = await emptyDatabase();
    const refused = await folder.run(['migrate', 'reset'], { DATABASE_URL: url });
    expect(refused.code).toBe(exitCodes.refused);
    expect(refused.stderr).toContain('stoa migrate mark-disposable');
  });

  it('explains wrong options', async () => {
    const { code, stderr } = await folder.run(['migrate', 'down', '--steps', 'two']);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('A whole number from 1 on.');
  });
});
