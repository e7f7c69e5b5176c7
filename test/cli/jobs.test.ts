import { beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { runNow } from '../../src/jobs/foreground.ts';
import { createLogger } from '../../src/log.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf, held, isWaiting, until } from '../jobs/queue.ts';
import { here } from './here.ts';

const db = await testDatabase();
const env = { DATABASE_URL: db.url };
const stoa = (...args: readonly string[]) => here(args, env);

const fits = (text: string): void => {
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
};

beforeAll(async () => {
  await db.query(
    `set role stoa_owner;
     select graphile_worker.add_job('send_mail', '{}', run_at => now() - interval '5 minutes');
     reset role;
     insert into ops.job_runs (task, started_at, finished_at, status, rows_affected)
     values ('retention_run', now() - interval '3 hours', now() - interval '3 hours' + interval '75 seconds', 'ok', 12345)`,
  );
});

describe('stoa jobs list', () => {
  test('shows schedule, last run, outcome, duration, rows, next run and what waits', async () => {
    const { stdout, code } = await stoa('jobs', 'list');
    expect(code).toBe(exitCodes.ok);
    fits(stdout);
    expect(stdout).toMatch(
      /retention_run +30 2 \* \* \* +3 h ago +ok +1 min 15 s +12,345 +in \d+ (h|min) +0/,
    );
    expect(stdout).toMatch(/send_mail +on event +1/);

    const listed: { name: string; nextRun: string | null }[] = JSON.parse(
      (await stoa('jobs', 'list', '--json')).stdout,
    );
    expect(listed.find(({ name }) => name === 'retention_run')).toEqual({
      name: 'retention_run',
      schedule: '30 2 * * *',
      lastRun: { startedAt: expect.any(String), outcome: 'ok', durationMs: 75_000, rows: 12_345 },
      nextRun: expect.stringMatching(/T02:30:00.000Z$/),
      due: 0,
      failed: 0,
    });
  });
});

describe('stoa jobs run', () => {
  test('runs a job here, records it and tells what it did', async () => {
    const { stdout, code } = await stoa('jobs', 'run', 'counters_repair', '--json');
    expect(code).toBe(exitCodes.ok);
    expect(JSON.parse(stdout)).toMatchObject({ job: 'counters_repair', outcome: 'ok', rows: 0 });
    const { rows } = await db.query("select status from ops.job_runs where task = 'counters_repair'");
    expect(rows).toEqual([{ status: 'ok' }]);
  });

  test('refuses a name that no job has, and says which may be meant', async () => {
    const { stderr, code } = await stoa('jobs', 'run', 'partition_maintain');
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('Did you mean partitions_maintain');
    const nothing = await stoa('jobs', 'run', 'xyzzy');
    expect(nothing).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining('stoa jobs list'),
    });
  });

  test('refuses a payload that is no JSON, and one that the job does not take', async () => {
    expect((await stoa('jobs', 'run', 'notify_mentions', '--payload', '{')).code).toBe(exitCodes.usage);
    const { stderr, code } = await stoa('jobs', 'run', 'notify_mentions', '--payload', '{"channelId": 1}');
    expect(code).toBe(exitCodes.input);
    expect(stderr).toContain('does not take this payload');
  });

  test('fails with the reason of the job', async () => {
    await db.query(
      "insert into ops.partition_policies (parent, key_kind) values ('core.no_such_table', 'uuidv7')",
    );
    const { stderr, code } = await stoa('jobs', 'run', 'partitions_maintain');
    await db.query("delete from ops.partition_policies where parent = 'core.no_such_table'");
    expect(code).toBe(exitCodes.checkFailed);
    expect(stderr).toContain('core.no_such_table got no partition');
  });

  test('refuses to run what runs already, and says who is at it', async () => {
    const stop = new AbortController();
    const obstacle = await held(db, 'lock table social.friend_edges');
    const first = runNow(await configOf(db), 'counters_repair', {
      payload: {},
      log: createLogger({ level: 'silent' }),
      signal: stop.signal,
    });
    await until(() => isWaiting(db, 'repair_friend_edges'));
    const second = await stoa('jobs', 'run', 'counters_repair');
    expect(second.code).toBe(exitCodes.busy);
    expect(second.stderr).toContain(`Process ${process.pid} on `);
    await obstacle.end();
    expect(await first).toMatchObject({ kind: 'done' });
  });
});

describe('a job that is run by hand', () => {
  test('ends between two batches when it is asked to, and is recorded as stopped', async () => {
    const stop = new AbortController();
    const obstacle = await held(db, 'lock table ops.retention_policies');
    const run = runNow(await configOf(db), 'retention_run', {
      payload: {},
      log: createLogger({ level: 'silent' }),
      signal: stop.signal,
    });
    await until(() => isWaiting(db, 'from ops.retention_policies'));
    stop.abort();
    await obstacle.end();
    expect(await run).toEqual({ kind: 'stopped' });
    const { rows } = await db.query(
      "select status from ops.job_runs where task = 'retention_run' order by id desc limit 1",
    );
    expect(rows).toEqual([{ status: 'stopped' }]);
  });
});

describe('stoa alerts', () => {
  test('shows what is the matter, and what was when asked', async () => {
    // The table that was registered above and never made is not registered any more.
    await stoa('partitions', 'ensure');
    expect((await stoa('alerts')).stdout).toBe('Nothing is the matter.\n');
    await db.query("select ops.raise_alert('disk_full', 'critical', '/var', '{\"free\": 0}')");
    const { stdout } = await stoa('alerts');
    fits(stdout);
    expect(stdout).toMatch(/critical +disk_full +\/var +\d{4}-\d\d-\d\d \d\d:\d\d +\{"free":0\}/);
    await db.query("select ops.resolve_alert('disk_full', '/var')");
    expect(JSON.parse((await stoa('alerts', '--json')).stdout)).toEqual([]);
    expect(JSON.parse((await stoa('alerts', '--all', '--json')).stdout)).toContainEqual(
      expect.objectContaining({
        name: 'disk_full',
        subject: '/var',
        resolvedAt: expect.stringMatching(/Z$/),
      }),
    );
  });
});

describe('stoa partitions', () => {
  const forget = (): Promise<unknown> =>
    db.query(
      `do $$ declare late text; begin
         for late in select partition from ops.partition_bounds('audit.logs') where upper_bound > now() + interval '1 month'
         loop execute 'drop table ' || late; end loop;
       end $$`,
    );

  test('status shows what each table has and fails while one has fewer than two ahead', async () => {
    await forget();
    const { stdout, code } = await stoa('partitions', 'status');
    expect(code).toBe(exitCodes.checkFailed);
    fits(stdout);
    expect(stdout).toMatch(/audit\.logs +\d+ +[01] +3 +0 +\d{4}-\d{2}-01/);
    expect(stdout).toContain('! audit.logs has fewer than 2 ahead: stoa partitions ensure');
  });

  test('ensure makes what is missing, names it, and finds nothing the second time', async () => {
    const { stdout, code } = await stoa('partitions', 'ensure', '--json');
    expect(code).toBe(exitCodes.ok);
    const { made }: { made: string[] } = JSON.parse(stdout);
    expect(made.length).toBeGreaterThanOrEqual(2);
    expect(made.every((name) => name.startsWith('parts.audit_logs_'))).toBe(true);
    expect((await stoa('partitions', 'ensure')).stdout).toBe('Nothing is missing.\n');
    expect((await stoa('partitions', 'status')).code).toBe(exitCodes.ok);
  });
});
