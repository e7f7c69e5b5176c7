import { z } from 'zod';
import { type RunOptions, runBackfill } from '../../migrate/backfill/run.ts';
import type { StoaTask } from '../task.ts';

const payloadShape = z.object({ name: z.string().optional() });

/** A job that goes on for hours could not be told from one whose worker died. */
const turnMs = 60_000;

/**
 * Gives each backfill that runs, or the one that is named, a turn. What is left goes on in the next job; what a
 * worker left behind that was killed is found by the one that comes every minute.
 */
const backfillRun: StoaTask = async (payload, context) => {
  const { name } = payloadShape.parse(payload ?? {});
  const { rows } = await context.query<{ name: string }>(
    "select name from ops.backfills where state = 'running' and ($1::text is null or name = $1) order by name",
    [name ?? null],
  );
  for (const backfill of rows) {
    context.abortSignal?.throwIfAborted();
    const record = await context.withPgClient((worker) =>
      runBackfill({
        worker,
        watcher: { query: context.query as RunOptions['watcher']['query'] },
        name: backfill.name,
        signal: context.abortSignal,
        forMs: turnMs,
        onBatch: ({ rows: done, batches }) =>
          context.log.debug({ backfill: backfill.name, done, batches }, 'batch'),
      }),
    );
    if (record?.state === 'running') {
      await context.addJob('backfill_run', { name: backfill.name }, { jobKey: `backfill:${backfill.name}` });
    }
    if (record?.state === 'failed') {
      context.log.error({ backfill: backfill.name, error: record.error }, 'a backfill failed');
    }
  }
};

export default backfillRun;
