import { parseCronItems, Logger as QueueLogger, run, type TaskList } from 'graphile-worker';
import { mailerOf } from '../auth/mailer.ts';
import type { Logger } from '../log.ts';
import { resolveModules } from '../modules.ts';
import { createPool } from '../postgres/connect.ts';
import type { ReadyConfig } from '../postgres/database.ts';
import { crontab } from './crontab.ts';
import { tasksOf } from './tasks.ts';

export interface RunningWorker {
  /** Resolves when the worker has ended, with an error when nobody stopped it. */
  readonly ended: Promise<void>;
  /** Takes no new job and finishes those that are under way. */
  stop(): Promise<void>;
}

const concurrency = 4;

/** graphile-worker's own messages, in our log. */
function queueLogger(log: Logger): QueueLogger {
  return new QueueLogger((scope) => (level, message, meta) => {
    const target = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;
    log[target[level]]({ ...scope, ...(level === 'error' ? { error: meta?.['error'] } : {}) }, message);
  });
}

/** Runs the jobs of this database as stoa_worker, one process of as many as are wanted. */
export async function startWorker(
  config: ReadyConfig,
  options: { readonly log: Logger },
): Promise<RunningWorker> {
  const log = options.log.child({ part: 'worker' });
  // A mailer that cannot be used is told now, not with the first mail.
  await mailerOf(config, log);
  const pool = createPool(config.workerUrl, {
    applicationName: 'worker',
    max: concurrency + 2,
    onError: (error) => log.warn({ error: error.message }, 'a connection was lost'),
  });
  const tasks = tasksOf(resolveModules(config.modules));
  const taskList: TaskList = Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      (payload, helpers) => task(payload, { ...helpers, config, log }),
    ]),
  );
  try {
    const runner = await run({
      pgPool: pool,
      schema: 'graphile_worker',
      taskList,
      parsedCronItems: parseCronItems(crontab.filter(({ task }) => task in tasks)),
      concurrency,
      noHandleSignals: true,
      logger: queueLogger(log),
    });
    log.info({ tasks: Object.keys(tasks).length }, 'worker started');
    let isStopped = false;
    return {
      ended: runner.promise,
      async stop() {
        if (isStopped) return;
        isStopped = true;
        await runner.stop();
        await pool.end();
        log.info('worker stopped');
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}
