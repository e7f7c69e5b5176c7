import { setTimeout as sleep } from 'node:timers/promises';
import { parseCronItems, Logger as QueueLogger, run, type TaskList } from 'graphile-worker';
import type { Pool } from 'pg';
import { mailerOf } from '../auth/mailer.ts';
import type { Logger } from '../log.ts';
import { resolveModules } from '../modules.ts';
import { tellVersion } from '../postgres/client-version.ts';
import { createPool } from '../postgres/connect.ts';
import type { ReadyConfig } from '../postgres/database.ts';
import { cronItemsOf, isScheduled } from './crontab.ts';
import { coverPartitions } from './partitions.ts';
import { perform } from './perform.ts';
import { openPresence } from './presence.ts';
import { tasksOf } from './tasks.ts';

export interface RunningWorker {
  /** Resolves when the worker has ended, with an error when nobody stopped it. */
  readonly ended: Promise<void>;
  /** Takes no new job, finishes those that are under way, and gives those back that are not done in time. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly log: Logger;
  /** How often it says that it is there and looks for workers that are not any more. Default: ten seconds. */
  readonly beatMs?: number;
  /** How long a worker without a connection may be silent before others take over. Default: half a minute. */
  readonly graceMs?: number;
  /** How long jobs under way may go on after `stop`. Default: five seconds. */
  readonly patienceMs?: number;
}

const concurrency = 4;
/** What a task gets to see that it is to end, between two of its statements. */
const abortMs = 500;
/** And what one whose statement was ended gets, to say how far it came. */
const lastMs = 5_000;
/** When something is asked for again that somebody else is at. */
const askAgainMs = 1_000;
/** The queue is looked through for jobs that were given up once in so many beats. */
const beatsAWatch = 6;

/** graphile-worker says so in the payload of what it queues by itself. */
function isOfTimetable(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && '_cron' in payload;
}

/** graphile-worker's own messages, in our log. */
function queueLogger(log: Logger): QueueLogger {
  return new QueueLogger((scope) => (level, message, meta) => {
    const target = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;
    log[target[level]]({ ...scope, ...(level === 'error' ? { error: meta?.['error'] } : {}) }, message);
  });
}

/** What workers that are gone held goes back into the queue. */
async function takeOver(pool: Pool, graceMs: number, log: Logger): Promise<void> {
  const { rows } = await pool.query<{ worker_id: string; jobs: number; runs: number }>(
    'select worker_id, jobs, runs from ops.recover_jobs($1::interval)',
    [`${graceMs} ms`],
  );
  for (const { worker_id: worker, jobs, runs } of rows) {
    log.warn({ worker, jobs, runs }, 'took over what a worker held that is gone');
  }
}

/** A job that was cut short by a stop is not worse for it: it may run at once, with all its attempts. */
async function giveBack(pool: Pool, jobs: readonly string[]): Promise<void> {
  if (jobs.length === 0) return;
  await pool.query(
    `update graphile_worker._private_jobs
     set attempts = greatest(attempts - 1, 0), run_at = now(), last_error = null
     where id = any ($1) and locked_at is null`,
    [jobs],
  );
}

/** The queue tells of the end of a job before it has written it down. What takes longer is seen by the next look at the queue. */
async function givenUp(pool: Pool, job: string): Promise<void> {
  for (let wait = 10; wait < 5_000; wait *= 2) {
    const { rowCount } = await pool.query(
      'select from graphile_worker._private_jobs where id = $1 and locked_at is not null',
      [job],
    );
    if (rowCount === 0) return;
    await sleep(wait, undefined, { ref: false });
  }
}

/** Connections of a pool, by the process of the server at their other end. */
function backendsOf(pool: Pool): ReadonlySet<number> {
  const backends = new Set<number>();
  const processOf = (client: object): number | undefined =>
    'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
  pool.on('connect', (client) => {
    const backend = processOf(client);
    if (backend !== undefined) backends.add(backend);
  });
  pool.on('remove', (client) => {
    const backend = processOf(client);
    if (backend !== undefined) backends.delete(backend);
  });
  return backends;
}

/** Runs the jobs of this database as stoa_worker, one process of as many as are wanted. */
export async function startWorker(config: ReadyConfig, options: WorkerOptions): Promise<RunningWorker> {
  const { beatMs = 10_000, graceMs = 30_000, patienceMs = 5_000 } = options;
  const log = options.log.child({ part: 'worker' });
  // A mailer that cannot be used is told now, not with the first mail.
  await mailerOf(config, log);
  const pool = createPool(config.workerUrl, {
    applicationName: 'worker',
    max: concurrency + 2,
    onError: (error) => log.warn({ error: error.message }, 'a connection was lost'),
  });
  const backends = backendsOf(pool);
  // A task that hears of no abort keeps its connection: the process ends without it.
  const closers: (() => Promise<unknown>)[] = [
    () => Promise.race([pool.end(), sleep(lastMs, undefined, { ref: false })]),
  ];
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next; next = closers.pop()) await next();
  };
  try {
    await coverPartitions(pool, log);

    let beats = 0;
    const watch = (): Promise<unknown> => pool.query('select ops.watch_jobs()');
    const presence = await openPresence(config.workerUrl, {
      log,
      beatMs,
      async onBeat() {
        await takeOver(pool, graceMs, log);
        beats += 1;
        if (beats % beatsAWatch === 0) await watch();
      },
    });
    const cutShort: string[] = [];
    /** By the number of the job. */
    const active = new Map<string, Promise<unknown>>();
    closers.push(() => giveBack(pool, [...cutShort, ...active.keys()]));
    closers.push(() => presence.leave());
    await takeOver(pool, graceMs, log);
    await watch();

    let workerId = '';
    const tasks = tasksOf(resolveModules(config.modules));
    const taskList: TaskList = Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        name,
        async (payload, helpers) => {
          const performance = perform({
            name,
            task,
            payload,
            context: { ...helpers, config, log },
            workerId,
            isScheduled: isScheduled(name),
          });
          active.set(helpers.job.id, performance);
          const outcome = await performance.finally(() => active.delete(helpers.job.id));
          if (outcome.kind === 'busy') {
            log.debug({ task: name }, 'another worker is at it');
            // Whoever is at it may have looked for what is due before this was: what the timetable wants comes again anyway.
            if (!isOfTimetable(payload)) {
              const runAt = new Date(Date.now() + askAgainMs);
              await helpers.addJob(name, payload, {
                runAt,
                jobKey: name,
                maxAttempts: helpers.job.max_attempts,
              });
            }
          }
          if (outcome.kind === 'stopped') {
            cutShort.push(helpers.job.id);
            throw new Error('the worker was stopped');
          }
        },
      ]),
    );
    const runner = await run({
      pgPool: pool,
      taskList,
      parsedCronItems: parseCronItems(cronItemsOf(tasks)),
      noHandleSignals: true,
      logger: queueLogger(log),
      preset: {
        plugins: [
          {
            name: 'stoa-presence',
            version: '1.0.0',
            worker: {
              hooks: {
                // It is waited for before the first job is locked.
                async startWorker(_context, { worker }) {
                  workerId = worker.workerPool.id;
                  await presence.register(workerId);
                },
              },
            },
          },
        ],
        worker: {
          schema: 'graphile_worker',
          concurrentJobs: concurrency,
          gracefulShutdownAbortTimeout: patienceMs,
        },
      },
    });
    runner.events.on('job:complete', ({ job, error }) => {
      if (!error || job.attempts < job.max_attempts) return;
      givenUp(pool, job.id)
        .then(watch)
        .catch((reason: Error) => log.warn({ error: reason.message }, 'no alert of a failed job'));
    });
    log.info({ tasks: Object.keys(tasks).length }, 'worker started');
    const stopTelling = await tellVersion(pool, 'worker', (error) =>
      log.debug({ error: String(error) }, 'the version could not be told'),
    );
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      stopTelling();
      try {
        const ending = runner.stop();
        ending.catch(() => undefined);
        await Promise.race([ending, sleep(patienceMs + abortMs, undefined, { ref: false })]);
        if (active.size > 0) {
          // They were told, and are inside of a statement.
          await presence.cancel([...backends]);
          await Promise.race([ending, sleep(lastMs, undefined, { ref: false })]);
        }
      } finally {
        await close();
      }
      log.info('worker stopped');
    };
    return {
      ended: runner.promise,
      stop() {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
