import { recorded, type StoaTask } from '../task.ts';

/** A run that was missed is made up for: snapshots are kept for months, and a day is summed up in absolute figures. */
const daysBack = 3;

/** Sums the snapshots of the last days up, the oldest first. */
const peerDaysSumUp: StoaTask = (_payload, context) =>
  recorded('peer_days_sum_up', context, async () => {
    let written = 0;
    for (let back = daysBack; back >= 1; back -= 1) {
      context.abortSignal?.throwIfAborted();
      const { rows } = await context.query<{ written: number }>(
        `select tracker.sum_up_day((now() at time zone 'UTC')::date - $1::integer) as written`,
        [back],
      );
      written += rows[0]?.written ?? 0;
    }
    return { rowsAffected: written, detail: { days: daysBack } };
  });

export default peerDaysSumUp;
