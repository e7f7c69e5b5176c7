import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { here } from '../cli/here.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf, until, workersOf } from './queue.ts';

const secret = 'between the two of us';
interface Received {
  readonly signature: string | undefined;
  readonly body: string;
}

/** The service that operators chose: takes or refuses what it gets. */
const received: Received[] = [];
let status = 200;
const service = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    const signature = request.headers['x-stoa-signature'];
    received.push({ body, signature: typeof signature === 'string' ? signature : undefined });
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end();
  });
});
await new Promise<void>((resolve) => {
  service.listen(0, '127.0.0.1', resolve);
});
afterAll(() => {
  service.close();
});
const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/alerts?key=not-for-everybody`;

const db = await testDatabase();
const work = workersOf(
  await configOf(db, {
    STOA_ALERT_WEBHOOK_URL: url,
    STOA_ALERT_WEBHOOK_SECRET: secret,
    STOA_PUBLIC_URL: 'https://community.example',
  }),
);
const stoa = (...args: readonly string[]) => here(args, { DATABASE_URL: db.url });

const told = () => received.map(({ body }): Record<string, unknown> => JSON.parse(body));
const raise = (level: string, subject = 'audit.logs') =>
  db.query("select ops.raise_alert('disk_full', $1, $2, '{\"ahead\": 1}')", [level, subject]);
const delivering = async (): Promise<boolean> =>
  ((await db.query("select from graphile_worker.jobs where task_identifier = 'alert_deliver'")).rowCount ??
    0) > 0;

beforeEach(async () => {
  received.length = 0;
  status = 200;
  await db.query('delete from ops.alerts; delete from graphile_worker._private_jobs');
});

describe('an alert', () => {
  test('is posted and signed when it begins and when it is over, each once', async () => {
    await raise('error');
    await raise('error');
    const worker = await work();
    await until(async () => !(await delivering()));
    await db.query("select ops.resolve_alert('disk_full', 'audit.logs')");
    await until(async () => received.length === 2 && !(await delivering()));
    await worker.stop();

    const alert = { name: 'disk_full', level: 'error', subject: 'audit.logs', detail: { ahead: 1 } };
    const installation = 'https://community.example';
    expect(told()).toMatchObject([
      { ...alert, installation, state: 'open', resolvedAt: null },
      { ...alert, installation, state: 'resolved', resolvedAt: expect.stringMatching(/Z$/) },
    ]);
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
    for (const { body, signature } of received) {
      const [, sentAt = '', digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
      expect(digest).toBe(createHmac('sha256', secret).update(`${sentAt}.${body}`).digest('hex'));
    }
  });

  test.each([503, 302])('is kept and posted again after the service answered %d', async (refusal) => {
    status = refusal;
    await raise('critical');
    const worker = await work();
    await until(async () => {
      const { rows } = await db.query<{ last_error: string | null }>(
        'select last_error from graphile_worker.jobs where last_error is not null',
      );
      return rows[0]?.last_error;
    });
    const { rows } = await db.query<{ message: string }>(
      "select detail ->> 'message' as message from ops.job_runs where task = 'alert_deliver' and status = 'failed' order by id desc limit 1",
    );
    expect(rows[0]?.message).toMatch(
      /^the service that takes alerts (answered with status 503|did not answer)/,
    );
    expect(received).toHaveLength(1);

    status = 200;
    await db.query('update graphile_worker._private_jobs set run_at = now()');
    await db.query("select pg_notify('jobs:insert', '')");
    await until(async () => !(await delivering()));
    await worker.stop();
    expect(told()).toHaveLength(2);
    expect(told()[1]).toMatchObject({ state: 'open', level: 'critical' });
  });

  test('goes nowhere where nobody chose a service, and is kept', async () => {
    const quiet = workersOf(await configOf(db));
    await raise('error');
    const worker = await quiet();
    await until(async () => !(await delivering()));
    await worker.stop();
    expect(received).toEqual([]);
    expect((await db.query('select from ops.alerts where delivered_at is null')).rowCount).toBe(1);
  });
});

describe('a job that fails for the last time', () => {
  test('is an alert that says how many and not why, is listed without personal data, and can be tried again', async () => {
    await db.query(
      `set role stoa_owner;
       select graphile_worker.add_job('notify_mentions', '{"channelId": "ada@example.org"}', max_attempts => 1);
       select graphile_worker.add_job('send_mail', '{}', run_at => now() + interval '1 hour');
       reset role`,
    );
    // The reason of another one, as a library may have worded it.
    await db.query(
      `update graphile_worker._private_jobs set attempts = max_attempts,
         last_error = 'mail to ada@example.org at smtp://stoa:pa55@mail.example/ refused: Key (email)=(ada@example.org)'
       where run_at > now()`,
    );
    const worker = await work();
    const open = () =>
      db.query(
        "select level, subject, detail ->> 'jobs' as jobs from ops.alerts where name = 'job_failed' and resolved_at is null order by subject",
      );
    await until(async () => (await open()).rowCount === 2);
    expect((await open()).rows).toEqual([
      { level: 'error', subject: 'notify_mentions', jobs: '1' },
      { level: 'error', subject: 'send_mail', jobs: '1' },
    ]);
    await until(async () => received.length === 2);
    await worker.stop();
    expect(received.map(({ body }) => body).join()).not.toMatch(/ada|pa55/);

    const { stdout, code } = await stoa('jobs', 'failed', '--json');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/ada|pa55/);
    const failed: { id: string; task: string; lastError: string }[] = JSON.parse(stdout);
    expect(failed).toMatchObject([
      { task: 'notify_mentions', lastError: expect.stringContaining('channelId') },
      {
        task: 'send_mail',
        lastError: 'mail to (address) at smtp://***@mail.example/ refused: Key (email)=(hidden)',
      },
    ]);
    const table = await stoa('jobs', 'failed');
    for (const line of table.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);

    const unknown = await stoa('jobs', 'retry', '999999');
    expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('stoa jobs failed') });
    expect((await stoa('jobs', 'retry')).code).toBe(2);
    const one = await stoa('jobs', 'retry', failed[0]?.id ?? '', '--json');
    expect(JSON.parse(one.stdout)).toEqual({ retried: [failed[0]?.id] });
    expect((await open()).rows).toEqual([{ level: 'error', subject: 'send_mail', jobs: '1' }]);
    expect((await stoa('jobs', 'retry', '--all')).stdout).toContain('1 job gets new attempts');
    const { rows } = await db.query(
      'select distinct attempts from graphile_worker._private_jobs where key is null',
    );
    expect(rows).toEqual([{ attempts: 0 }]);
    expect((await open()).rows).toEqual([]);
  });
});

describe('a task of the timetable that fails again and again', () => {
  test('is an alert after the third time in a row, until it ends well', async () => {
    await db.query(
      "insert into graphile_worker._private_known_crontabs (identifier, known_since) values ('flush_views', now()) on conflict do nothing",
    );
    await db.query(
      "insert into ops.job_totals (task, runs, failures) values ('flush_views', 9, 9) on conflict (task) do update set failures = 9",
    );
    const end = async (outcome: string): Promise<readonly unknown[]> => {
      await db.query('insert into ops.job_runs (task, status, finished_at) values ($1, $2, now())', [
        'flush_views',
        outcome,
      ]);
      await db.query('select ops.watch_jobs()');
      return (
        await db.query("select subject from ops.alerts where name = 'job_failing' and resolved_at is null")
      ).rows;
    };
    expect(await end('failed')).toEqual([]);
    expect(await end('failed')).toEqual([]);
    expect(await end('failed')).toEqual([{ subject: 'flush_views' }]);
    expect(await end('failed')).toEqual([{ subject: 'flush_views' }]);
    expect(await end('ok')).toEqual([]);
  });
});
