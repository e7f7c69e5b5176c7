import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { crontab } from '../../src/jobs/crontab.ts';
import { tasksOf } from '../../src/jobs/tasks.ts';
import { type RunningWorker, startWorker } from '../../src/jobs/worker.ts';
import { createLogger } from '../../src/log.ts';
import { modules, resolveModules } from '../../src/modules.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf } from './queue.ts';

const db = await testDatabase();
const log = createLogger({ level: 'silent' });
const config = await configOf(db);

const running: RunningWorker[] = [];
async function work(): Promise<RunningWorker> {
  const worker = await startWorker(config, { log });
  running.push(worker);
  return worker;
}
afterAll(async () => {
  for (const worker of running) await worker.stop();
});

async function finishedRun(task: string): Promise<{ status: string; detail: unknown }> {
  for (;;) {
    const { rows } = await db.query<{ status: string; detail: unknown }>(
      "select status, detail from ops.job_runs where task = $1 and status <> 'running' order by id desc limit 1",
      [task],
    );
    if (rows[0]) return rows[0];
    await sleep(20);
  }
}

const queued = async (): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    'select count(*)::int as count from graphile_worker._private_jobs',
  );
  return rows[0]?.count ?? -1;
};

describe('the worker', () => {
  test('does what a function has put in the queue, once that has committed', async () => {
    await db.query("select core.enqueue('partitions_maintain', '{}')");
    const worker = await work();
    expect(await finishedRun('partitions_maintain')).toMatchObject({ status: 'ok' });
    await worker.stop();
    expect(await queued()).toBe(0);
  });

  test('ages out what the rules of every module say', async () => {
    await db.query("select core.enqueue('retention_run', '{}')");
    const worker = await work();
    const { status, detail } = await finishedRun('retention_run');
    await worker.stop();
    expect({ status, detail }).toMatchObject({ status: 'ok' });
    const { rows } = await db.query(
      "select count(*)::int as count from ops.retention_policies where is_active and action <> 'archive' and last_run_at is null",
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('works through every job of the timetable', async () => {
    for (const { task } of crontab) await db.query('select core.enqueue($1, $2)', [task, '{}']);
    const worker = await work();
    while ((await queued()) > 0) {
      const { rows } = await db.query(
        `select task.identifier, job.last_error
         from graphile_worker._private_jobs as job
         join graphile_worker._private_tasks as task on task.id = job.task_id
         where job.last_error is not null`,
      );
      expect(rows).toEqual([]);
      await sleep(20);
    }
    await worker.stop();
  });

  test('keeps a failure with its reason, and the job for another attempt', async () => {
    await db.query('update ops.partition_policies set ahead = 2');
    await db.query(
      "insert into ops.partition_policies (parent, key_kind) values ('core.no_such_table', 'uuidv7')",
    );
    await db.query("delete from ops.job_runs where task = 'partitions_maintain'");
    await db.query("select core.enqueue('partitions_maintain', '{}')");
    const worker = await work();
    const run = await finishedRun('partitions_maintain');
    await worker.stop();
    expect(run).toMatchObject({
      status: 'failed',
      detail: { message: expect.stringContaining('no_such_table') },
    });
    expect(await queued()).toBe(1);
  });
});

test('every job of the timetable is a task', () => {
  const tasks = tasksOf(modules);
  expect(crontab.filter(({ task }) => !(task in tasks))).toEqual([]);
});

test('a module that is left out brings no task', () => {
  expect(Object.keys(tasksOf(resolveModules([])))).not.toContain('notify_followers');
  expect(Object.keys(tasksOf(resolveModules(['forums'])))).toContain('notify_followers');
});

test('every job that a procedure queues is a task', async () => {
  const { rows } = await db.query<{ task: string }>(
    `select distinct (regexp_matches(pg_get_functiondef(p.oid), 'core\\.enqueue\\(\\s*''(\\w+)''', 'g'))[1] as task
     from pg_catalog.pg_proc as p
     where p.pronamespace::regnamespace::text = any ($1) and p.prokind = 'f'
     order by 1`,
    [modules.map(({ schema }) => schema)],
  );
  const known = Object.keys(tasksOf(modules));
  expect(rows.length).toBeGreaterThan(2);
  expect(known).toEqual(expect.arrayContaining(rows.map(({ task }) => task)));
});
