import { beforeAll, describe, expect, it } from 'vitest';
import { examine } from '../../src/doctor/examine.ts';
import { exitCodes } from '../../src/errors.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { temporaryProject } from '../harness/installation.ts';

const folder = await temporaryProject();
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

const stoa = (...args: string[]) => folder.run(['doctor', ...args], { DATABASE_URL: db.url });

/** The names of what is told and of what was accepted. */
async function examined(): Promise<{
  readonly told: readonly string[];
  readonly accepted: readonly string[];
}> {
  const client = await connect(db.url, 'test doctor');
  try {
    const { faults, accepted } = await examine(client, { only: ['table_without_row_security'] });
    return {
      told: faults.map((fault) => fault.identity),
      accepted: accepted.map((fault) => fault.identity),
    };
  } finally {
    await client.end();
  }
}

describe('stoa doctor', () => {
  const identity = 'table_without_row_security core.presence';

  it('tells what, why and the cure in 100 columns', async () => {
    await db.query('alter table core.presence disable row level security');
    const found = await stoa('--level', 'error');
    expect(found.code).toBe(exitCodes.checkFailed);
    for (const line of found.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(found.stdout).toContain(
      `error  ${identity}\n  what  core.presence: Row-level security is off.\n  why   `,
    );
    expect(found.stdout).toContain('\n  cure  alter table core.presence enable row level security;\n');
  });

  it('keeps quiet about what was accepted, until its last day is over', async () => {
    const suppress = ['--suppress', identity, '--reason', 'Mended tonight.', '--until', '2999-12-31'];
    expect(await stoa(...suppress)).toMatchObject({ code: exitCodes.ok });
    expect(await examined()).toEqual({ told: [], accepted: [identity] });
    await db.query('update ops.accepted_findings set until = current_date - 2');
    expect(await examined()).toEqual({ told: [identity], accepted: [] });
  });

  it('lists what was accepted, and takes it back', async () => {
    const listed: { accepted: readonly unknown[] } = JSON.parse((await stoa('--accepted', '--json')).stdout);
    expect(listed.accepted).toContainEqual(
      expect.objectContaining({ identity, reason: 'Mended tonight.', isInForce: false }),
    );
    expect(await stoa('--unsuppress', identity)).toMatchObject({ code: exitCodes.ok });
    expect((await db.query('select from ops.accepted_findings')).rowCount).toBe(0);
  });

  it.each([
    [['--level', 'bad'], 'One of error, warning, notice.'],
    [
      ['--suppress', 'unused_index nowhere', '--reason', 'because'],
      'There is no fault called "unused_index nowhere"',
    ],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await stoa(...args);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain(message);
  });
});
