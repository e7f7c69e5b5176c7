import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger as QueueLogger, run, type Task } from 'graphile-worker';
import type { Pool } from 'pg';
import { extendConfig, loadConfig } from '../../src/config.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { createLogger } from '../../src/log.ts';
import { createPool } from '../../src/postgres/connect.ts';
import type { FreshBench } from '../harness/bench.ts';
import { alternate } from '../harness/rounds.ts';

const amount = 1_000;
/** As many as the worker of Stoa runs at once. */
const concurrency = 4;
const statement = 'select messaging.notify_participants($1, $2)';

/** Rows of jobs that are done are dead, and slow the next round: it begins without them. */
const clean = ['vacuum graphile_worker._private_jobs', 'checkpoint'];

/** Queues so many jobs in one transaction; how many a second are done, from then until none is left. */
async function drain(pool: Pool, task: string): Promise<number> {
  for (const statement of clean) await pool.query(statement);
  const begun = performance.now();
  await pool.query(
    `select count(graphile_worker.add_job($1, json_build_object('conversationId', $3::uuid, 'messageId', $3::uuid)))
     from generate_series(1, $2)`,
    [task, amount, randomUUID()],
  );
  for (;;) {
    const { rows } = await pool.query<{ left: boolean }>(
      'select exists (select from graphile_worker.jobs where task_identifier = $1) as left',
      [task],
    );
    if (!rows[0]?.left) return amount / ((performance.now() - begun) / 1_000);
    await sleep(20);
  }
}

const jobs: FreshBench = {
  summary: 'Jobs a second: queued, done and removed.',
  async run({ server, rounds }) {
    const database = await server.community();
    const { url, urlFor } = database;
    const pool = createPool(url, { applicationName: 'bench', max: 2 });
    const config = extendConfig(await loadConfig({ env: {} }), {
      adminUrl: url,
      databaseUrl: url,
      gatewayUrl: urlFor('stoa_gateway'),
      authUrl: urlFor('stoa_auth'),
      mediaUrl: urlFor('stoa_media'),
      trackerUrl: urlFor('stoa_tracker'),
      workerUrl: urlFor('stoa_worker'),
    });
    const alone = async (name: string, task: Task): Promise<number> => {
      const own = createPool(urlFor('stoa_worker'), { applicationName: 'bench', max: concurrency + 2 });
      const runner = await run({
        pgPool: own,
        taskList: { [name]: task },
        noHandleSignals: true,
        logger: new QueueLogger(() => () => undefined),
        preset: { worker: { schema: 'graphile_worker', concurrentJobs: concurrency } },
      });
      try {
        return await drain(pool, name);
      } finally {
        await runner.stop();
        await own.end();
      }
    };
    try {
      const figures = await alternate(
        rounds,
        {
          async ours() {
            const worker = await startWorker(config, { log: createLogger({ level: 'silent' }) });
            try {
              return await drain(pool, 'notify_participants');
            } finally {
              await worker.stop();
            }
          },
          same: () =>
            alone('bench_same', async (payload, { query }) => {
              const given = payload as { readonly conversationId: string; readonly messageId: string };
              await query(statement, [given.conversationId, given.messageId]);
            }),
          nothing: () => alone('bench_nothing', async () => {}),
        },
        // The first one takes twice as long: this process has not run the queue before.
        { isWarmedUp: true },
      );
      return {
        comparisons: [
          {
            what: 'jobs',
            unit: 'per second',
            forms: [
              { form: 'stoa work, notify_participants', role: 'stoa', figures: figures('ours') },
              { form: 'graphile-worker, the same statement', role: 'peer', figures: figures('same') },
              { form: 'graphile-worker, a task that is empty', role: 'limit', figures: figures('nothing') },
            ],
          },
        ],
        notes: [
          `${amount.toLocaleString('en')} jobs queued at once, ${concurrency} at a time, one process, default settings of the queue, synchronous commit. The conversation does not exist: the statement looks, and finds nothing to do.`,
        ],
      };
    } finally {
      await pool.end();
    }
  },
};

export default jobs;
