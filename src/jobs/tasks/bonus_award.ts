import { recorded, type StoaTask } from '../task.ts';

/** Pays what the rules owe for this hour, in batches of people. Whoever was paid for it already is not paid again. */
const bonusAward: StoaTask = (_payload, context) =>
  recorded('bonus_award', context, async () => {
    // One moment for all batches: a run that passes the full hour must not pay half of the people for the next one.
    const period = new Date();
    let paid = 0;
    let after: string | null = null;
    do {
      context.abortSignal?.throwIfAborted();
      const { rows }: { rows: { paid: number; next_after: string | null }[] } = await context.query(
        'select paid, next_after from tracker.award_bonus($1, $2)',
        [period, after],
      );
      paid += rows[0]?.paid ?? 0;
      after = rows[0]?.next_after ?? null;
    } while (after !== null);
    return { rowsAffected: paid };
  });

export default bonusAward;
