import { recorded, type StoaTask } from './task.ts';

/** A day, and the hour that a late run may lack. */
const since = '25 hours';

/**
 * A nightly look at values that are kept beside the facts: what changed since the last run, and a random sample. The
 * functions lock what they look at, so they get a few at a time.
 */
export function repairTask(options: {
  readonly task: string;
  /** Gives the identifiers to look at, from a point in time on. */
  readonly dueFunction: string;
  /** Takes identifiers and returns how many values it corrected. */
  readonly repairFunction: string;
  readonly atOnce: number;
}): StoaTask {
  const { task, dueFunction, repairFunction, atOnce } = options;
  return (_payload, context) =>
    recorded(task, context, async () => {
      const { rows: due } = await context.query<{ id: string }>(
        `select id from ${dueFunction}(now() - $1::interval) as due (id)`,
        [since],
      );
      const ids = due.map(({ id }) => id);
      let repaired = 0;
      for (let start = 0; start < ids.length; start += atOnce) {
        context.abortSignal?.throwIfAborted();
        const { rows } = await context.query<{ repaired: number }>(
          `select ${repairFunction}($1::uuid[]) as repaired`,
          [ids.slice(start, start + atOnce)],
        );
        repaired += rows[0]?.repaired ?? 0;
      }
      return { rowsAffected: repaired, detail: { checked: ids.length } };
    });
}
