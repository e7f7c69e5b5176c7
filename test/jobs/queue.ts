import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, runOnce } from 'graphile-worker';
import type { ClientBase } from 'pg';
import { onTestFinished } from 'vitest';
import { extendConfig, loadConfig } from '../../src/config.ts';
import { tasksOf } from '../../src/jobs/tasks.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from '../../src/jobs/worker.ts';
import { createLogger } from '../../src/log.ts';
import { resolveModules } from '../../src/modules.ts';
import { createPool } from '../../src/postgres/connect.ts';
import type { ReadyConfig } from '../../src/postgres/database.ts';
import { afterFile } from '../harness/after-file.ts';
import type { TestDatabase } from '../harness/index.ts';

/** A worker of this process, whose beats come as often as a test has patience. */
export async function configOf(
  db: TestDatabase,
  env: Readonly<Record<string, string>> = {},
): Promise<ReadyConfig> {
  return extendConfig(await loadConfig({ env }), {
    adminUrl: db.url,
    databaseUrl: db.urlFor('stoa_migrator'),
    gatewayUrl: db.urlFor('stoa_gateway'),
    authUrl: db.urlFor('stoa_auth'),
    mediaUrl: db.urlFor('stoa_media'),
    trackerUrl: db.urlFor('stoa_tracker'),
    workerUrl: db.urlFor('stoa_worker'),
  });
}

/** Queues one job and does it as the worker does. */
export async function runJob(config: ReadyConfig, task: string, payload: object = {}): Promise<void> {
  const run = tasksOf(resolveModules(config.modules))[task];
  if (run === undefined) throw new Error(`there is no task ${task}`);
  const log = createLogger({ level: 'silent' });
  const pool = createPool(config.workerUrl, { applicationName: 'test worker', max: 4 });
  try {
    await pool.query('select core.enqueue($1, $2)', [task, JSON.stringify(payload)]);
    await runOnce({
      pgPool: pool,
      schema: 'graphile_worker',
      noHandleSignals: true,
      logger: new Logger(() => () => {}),
      taskList: { [task]: (given, helpers) => run(given, { ...helpers, config, log }) },
    });
  } finally {
    await pool.end();
  }
}

export function workersOf(config: ReadyConfig): (options?: Partial<WorkerOptions>) => Promise<RunningWorker> {
  const running: RunningWorker[] = [];
  afterFile(async () => {
    for (const worker of running) await worker.stop();
  });
  return async (options = {}) => {
    const worker = await startWorker(config, { log: createLogger({ level: 'silent' }), ...options });
    running.push(worker);
    return worker;
  };
}

/** Asks until something is the case. A test that waits in vain ends with its own time limit. */
export async function until<Found>(ask: () => Promise<Found | undefined | false>): Promise<Found> {
  for (;;) {
    const found = await ask();
    if (found) return found;
    await sleep(20);
  }
}

/** A transaction of somebody else, which goes on until it is ended. */
export async function held(
  db: TestDatabase,
  statements: string,
): Promise<{ readonly client: ClientBase; end(): Promise<void> }> {
  const client = await db.pool.connect();
  await client.query(`begin; ${statements}`);
  let isOver = false;
  const end = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    await client.query('rollback');
    client.release();
  };
  onTestFinished(end);
  return { client, end };
}

/** Whether a connection of a worker waits for somebody's lock. */
export async function isWaiting(db: TestDatabase, statement: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from pg_catalog.pg_stat_activity
     where datname = current_database() and application_name like 'stoa %'
       and application_name <> 'stoa test' and state = 'active' and query like $1
       and (cardinality(pg_blocking_pids(pid)) > 0 or wait_event = 'PgSleep')`,
    [`%${statement}%`],
  );
  return (rowCount ?? 0) > 0;
}
