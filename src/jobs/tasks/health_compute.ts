import { groupBatches } from '../batches.ts';
import { recorded, type StoaTask } from '../task.ts';

const groupsAtOnce = 100;
/** Analyses arrive late, and messages are deleted late. */
const daysBack = 3;

/** Works out how each group fared yesterday, and anew on the two days before. */
const healthCompute: StoaTask = (_payload, context) =>
  recorded('health_compute', context, async () => {
    let groups = 0;
    let changed = 0;
    for await (const ids of groupBatches(context, groupsAtOnce)) {
      for (let back = 1; back <= daysBack; back += 1) {
        context.abortSignal?.throwIfAborted();
        const computed = await context.query<{ changed: number }>(
          `select insight.compute_health((now() at time zone 'UTC')::date - $1::integer, $2::uuid[]) as changed`,
          [back, ids],
        );
        changed += computed.rows[0]?.changed ?? 0;
      }
      groups += ids.length;
    }
    return { rowsAffected: changed, detail: { groups } };
  });

export default healthCompute;
