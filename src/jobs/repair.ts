import { setAlerts } from '../alerts/set-alerts.ts';
import { recorded, type StoaTask, type TaskContext } from './task.ts';

/** Before the last run that ended well: a change that was not yet committed when that run looked. */
const overlap = '1 hour';
/** Without such a run. */
const firstLook = '25 hours';

/** A counter that was wrong is mended and told: something else than its trigger wrote, or its trigger is wrong. */
export async function reportDifferences(
  task: string,
  context: Pick<TaskContext, 'query'>,
  differences: number,
): Promise<void> {
  const alert = { name: 'counters_differ', subject: task };
  const findings = differences > 0 ? [{ ...alert, level: 'warning' as const, detail: { differences } }] : [];
  await setAlerts(context.query, [alert], findings);
}

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
        `select id
         from ${dueFunction}(coalesce(
           (select max(started_at) - $2::interval from ops.job_runs where task = $1 and status = 'ok'),
           now() - $3::interval
         )) as due (id)`,
        [task, overlap, firstLook],
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
        context.run?.progress(Math.min(start + atOnce, ids.length), ids.length);
      }
      await reportDifferences(task, context, repaired);
      return { rowsAffected: repaired, detail: { checked: ids.length } };
    });
}
