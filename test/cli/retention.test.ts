import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { exitCodes } from '../../src/errors.ts';
import { createUser, testDatabase } from '../harness/index.ts';

const db = await testDatabase();
const storage = mkdtempSync(join(tmpdir(), 'stoa-retention-cli-'));
beforeAll(() => {
  vi.stubEnv('DATABASE_URL', db.url);
  vi.stubEnv('STOA_STORAGE', storage);
  vi.stubEnv('STOA_DATA_DIR', join(storage, 'data'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(storage, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line in this process: starting one for each command takes longer than all that they do. */
async function run(args: readonly string[]): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await main(args);
    return { code: Number(process.exitCode ?? exitCodes.ok), stdout, stderr };
  } finally {
    process.exitCode = before;
    out.mockRestore();
    err.mockRestore();
  }
}

async function stoa(...args: string[]): Promise<Outcome> {
  const outcome = await run(args);
  for (const line of outcome.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  return outcome;
}

async function json<Result>(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await run([...args, '--json']);
  if (code !== exitCodes.ok) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Months of 2020, whose time is over by any clock. */
async function oldMonths(name: string): Promise<void> {
  await db.query(`
    create table core.${name} (at timestamptz not null, user_id uuid, note text) partition by range (at);
    alter table core.${name} enable row level security, owner to stoa_owner;
    insert into ops.partition_policies (parent, key_kind, retain, export_before_drop)
    values ('core.${name}', 'timestamptz', '2 months', true);
    insert into ops.hold_rules (table_name, kind, condition)
    values ('core.${name}', 'user', 'target.user_id = any (:held)');
  `);
  await db.query("select ops.ensure_partitions($1, '2020-01-15T00:00:00Z')", [`core.${name}`]);
  await db.query(`insert into core.${name} select '2020-01-05', null, 'note' from generate_series(1, 100)`);
}

it('plans and runs retention, in words and as JSON', async () => {
  await db.query(
    "insert into ops.job_runs (id, task) select core.uuidv7_floor(now() - interval '100 days' + number * interval '1 second'), 'old' from generate_series(1, 7) as number",
  );
  const plan = await stoa('retention', 'plan');
  expect(plan.code).toBe(exitCodes.ok);
  expect(plan.stdout).toMatch(/job_runs +7 +0 +delete +\d{4}-\d\d-\d\d \d\d:\d\d +ops\.job_runs/);
  const dry = await stoa('retention', 'run', '--dry-run', '--policy', 'job_runs');
  expect(dry.stdout).toMatch(/job_runs +7/);
  expect(await json<{ policies: unknown[] }>('retention', 'run', '--policy', 'job_runs')).toMatchObject({
    isComplete: true,
    policies: [{ name: 'job_runs', affected: 7, batches: 1 }],
  });
  expect((await stoa('retention', 'run', '--policy', 'job_runs')).stdout).toBe('0 rows by 1 rule.\n');
  expect(await stoa('retention', 'run', '--policy', 'nothing')).toMatchObject({ code: exitCodes.usage });
}, 20_000);

it('retires, lists, verifies and restores, and a hold stands in the way', async () => {
  await oldMonths('lists');
  const person = await createUser(db, { username: 'hannah' });
  await db.query("update core.lists set user_id = $1 where ctid = '(0,1)'", [person]);
  const { id } = await json<{ id: string }>('hold', 'add', 'user', 'Hannah', '--reason', 'Case 5');
  expect((await stoa('hold', 'list')).stdout).toContain(`user ${person}`);
  expect((await stoa('hold', 'list', '--kinds')).stdout).toMatch(/conversation +a conversation/);
  expect(await stoa('hold', 'add', 'castle', person, '--reason', 'x')).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining('Nothing of this kind can be held.'),
  });
  expect(await stoa('hold', 'add', 'user', 'nobody_here', '--reason', 'x')).toMatchObject({
    code: exitCodes.usage,
  });

  expect((await stoa('partitions', 'retire', '--list', 'core.lists')).stdout).toMatch(/2020_01 +held/);
  const held = await json<{ outcome: string; reason: string | null }[]>('partitions', 'retire', 'core.lists');
  expect(held.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual([
    'held 1 of its rows are under a legal hold',
    ...Array.from({ length: held.length - 1 }, () => 'dropped null'),
  ]);
  expect((await stoa('hold', 'release', id, '--reason', 'Over')).stdout).toBe('Released.\n');
  expect((await stoa('hold', 'list')).stdout).toBe('Nothing is held.\n');
  expect((await stoa('partitions', 'retire', 'core.lists')).stdout).toMatch(/2020_01 +dropped +100/);

  expect((await stoa('archive', 'list', 'core.lists')).stdout).toMatch(/core_lists_2020_01 +100/);
  expect((await stoa('archive', 'verify')).stdout).toBe('1 of 1 archives are whole.\n');
  const name = 'parts.core_lists_2020_01';
  expect((await stoa('archive', 'restore', 'core.lists', name, '--into', 'core.aside')).stdout).toContain(
    '100 rows came back into core.aside.',
  );
  expect((await stoa('archive', 'restore', 'core.lists', name)).stdout).toContain(
    `100 rows came back into ${name}.`,
  );
  expect(await stoa('archive', 'restore', 'core.lists', name)).toMatchObject({ code: exitCodes.refused });
  expect((await stoa('archive', 'create', 'core.lists', name)).stdout).toContain('Read back');

  const folder = join(storage, 'archives', 'core.lists', name);
  expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'rows.copy']);
  writeFileSync(join(folder, 'rows.copy'), 'rubbish');
  expect(await stoa('archive', 'verify', 'core.lists', name)).toMatchObject({
    code: exitCodes.checkFailed,
    stdout: expect.stringContaining('0 of 1 archives are whole.'),
  });
}, 40_000);
