import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { testDatabase } from '../harness/index.ts';
import { temporaryProject } from '../harness/installation.ts';

const db = await testDatabase();
const project = await temporaryProject();
const stoa = (...args: readonly string[]) => project.run(args, { DATABASE_URL: db.url });

describe('stoa seed base', () => {
  test('prints the link of the administrator whom it makes, and makes no other one afterwards', async () => {
    const first = await stoa('seed', 'base', '--json');
    expect(first).toMatchObject({ code: exitCodes.ok, stderr: '' });
    expect(JSON.parse(first.stdout)).toEqual({
      forums: 3,
      categories: expect.any(Number),
      administrator: {
        username: 'steward',
        token: expect.stringMatching(/^[\w-]{43}$/),
        link: expect.stringContaining('/reset-password#token='),
        expiresAt: expect.stringMatching(/Z$/),
      },
    });
    const second = await stoa('seed', 'base', '--admin', 'ada', '--email', 'ada@community.example');
    expect(second).toMatchObject({ code: exitCodes.ok });
    expect(second.stdout).toBe(
      '0 forums added.\nThere is an administrator already; no other one was made.\n',
    );
  });
});

describe('stoa seed load', () => {
  test('is refused in production and below a hundredth of the scale', async () => {
    expect(await stoa('seed', 'load', '--environment', 'production')).toMatchObject({
      code: exitCodes.refused,
    });
    expect(await stoa('seed', 'load', '--scale', '0.001')).toMatchObject({ code: exitCodes.usage });
  });

  test('tells what each step wrote and how long it took, within 100 columns', async () => {
    const { code, stdout } = await stoa('seed', 'load', '--scale', '0.01', '--add');
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toMatch(/^members +1,000 +\d/m);
    expect(stdout).toMatch(/^all together +[\d,]+ +[\d.]+ m?s +[\d,]+$/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    const again = await stoa('seed', 'load', '--scale', '0.01', '--seed', '2');
    expect(again.code).toBe(exitCodes.refused);
    expect(again.stderr).toContain('This database holds a community of 1,001.');
  });
});

describe('stoa doctor invariants', () => {
  test('says that all hold, and which one is broken, within 100 columns', async () => {
    const whole = await stoa('doctor', 'invariants');
    expect(whole.code).toBe(exitCodes.ok);
    expect(whole.stdout).toMatch(/All \d+ invariants hold/);

    await db.query(`update groups.groups set member_count = member_count + 1`);
    const broken = await stoa('doctor', 'invariants', 'groups');
    expect(broken.code).toBe(exitCodes.checkFailed);
    expect(broken.stdout).toMatch(/^groups\.groups\.member_count +BROKEN +8 /m);
    expect(broken.stdout).toContain('A group counts its members');
    expect(broken.stdout).toContain('… and 3 more.');
    for (const { stdout } of [whole, broken]) {
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    }
    const facts = await stoa('doctor', 'invariants', 'groups.groups', '--json', '--examples', '1');
    expect(facts.code).toBe(exitCodes.checkFailed);
    expect(JSON.parse(facts.stdout)).toMatchObject({
      holds: false,
      invariants: [
        { name: 'groups.groups.foundation', state: 'holds', offences: 0, examples: [] },
        {
          name: 'groups.groups.member_count',
          state: 'broken',
          offences: 8,
          examples: [{ subject: expect.any(String) }],
        },
      ],
    });
  });

  test('lists them without looking, and refuses a name that is none', async () => {
    const { stdout } = await stoa('doctor', 'invariants', 'ledger', '--list', '--json');
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual([
      'ledger.chain_receipts.movement',
      'ledger.transactions.holdings',
      'ledger.transactions.transfers',
    ]);
    const { code, stderr } = await stoa('doctor', 'invariants', 'nonsense');
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('There is no invariant named "nonsense".');
  });
});
