import { randomUUID } from 'node:crypto';
import { makeWorkerUtils, Logger as QueueLogger } from 'graphile-worker';
import { exitCodes, StoaError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { resolveModules } from '../modules.ts';
import { createPool } from '../postgres/connect.ts';
import type { ReadyConfig } from '../postgres/database.ts';
import type { Query } from './partitions.ts';
import { type Outcome, perform } from './perform.ts';
import { openPresence } from './presence.ts';
import { tasksOf } from './tasks.ts';

export interface ForegroundOptions {
  readonly payload: unknown;
  readonly log: Logger;
  /** Ends the task between two batches. */
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total?: number) => void;
}

async function refuseSecond(query: Query, name: string): Promise<StoaError> {
  const { rows } = await query<{ process_id: number; host: string; started_at: Date }>(
    `select worker.process_id, worker.host, run.started_at
     from ops.running_jobs as running
     join ops.workers as worker on worker.id = running.worker_id
     join ops.job_runs as run on run.id = running.run_id
     where running.task = $1 and running.is_exclusive`,
    [name],
  );
  const [holder] = rows;
  const who = holder
    ? ` Process ${holder.process_id} on ${holder.host} is at it since ${holder.started_at.toISOString()}.`
    : '';
  return new StoaError('jobs.running', `The job ${name} runs already, and runs once at a time.${who}`, {
    cure: 'Let it end, then try again. What a killed process held is free after half a minute.',
    exitCode: exitCodes.busy,
  });
}

/** Runs one task here and now, recorded and guarded like those of the worker. Throws what the task threw. */
export async function runNow(
  config: ReadyConfig,
  name: string,
  { payload, log, signal, onProgress }: ForegroundOptions,
): Promise<Extract<Outcome, { kind: 'done' | 'stopped' }>> {
  const task = tasksOf(resolveModules(config.modules))[name];
  if (!task) throw new Error(`there is no task ${name}`);
  const pool = createPool(config.workerUrl, { applicationName: 'jobs', max: 4 });
  const query: Query = (text, values) => pool.query(text, values);
  const id = `run-${randomUUID()}`;
  try {
    const presence = await openPresence(config.workerUrl, { log, beatMs: 10_000 });
    try {
      await presence.register(id);
      await query('select from ops.recover_jobs()');
      const logger = new QueueLogger(() => (level, message) => {
        if (level === 'error') log.error(message);
      });
      const utils = await makeWorkerUtils({ pgPool: pool, schema: 'graphile_worker', logger });
      const now = new Date();
      const abortPromise = new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      abortPromise.catch(() => undefined);
      try {
        const outcome = await perform({
          name,
          task,
          payload,
          workerId: id,
          isScheduled: true,
          ...(onProgress ? { onProgress } : {}),
          context: {
            config,
            log,
            logger: utils.logger,
            withPgClient: Object.assign(utils.withPgClient, { withRetries: utils.withPgClient }),
            addJob: utils.addJob,
            addJobs: utils.addJobs,
            query,
            getQueueName: () => null,
            abortSignal: signal,
            abortPromise,
            job: {
              id: '0',
              task_identifier: name,
              payload,
              job_queue_id: null,
              task_id: 0,
              priority: 0,
              run_at: now,
              attempts: 1,
              max_attempts: 1,
              last_error: null,
              created_at: now,
              updated_at: now,
              key: null,
              revision: 0,
              locked_at: now,
              locked_by: id,
              flags: null,
              is_available: false,
            },
          },
        });
        if (outcome.kind === 'busy') throw await refuseSecond(query, name);
        return outcome;
      } finally {
        await utils.release();
      }
    } finally {
      await presence.leave();
    }
  } finally {
    await pool.end();
  }
}
