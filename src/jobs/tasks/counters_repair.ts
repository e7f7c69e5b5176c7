import { reportDifferences } from '../repair.ts';
import { recorded, type StoaTask } from '../task.ts';

/**
 * Compares what is kept twice in the base with its source, and mends it. Each difference is a row of
 * ops.counter_repairs; a rising number means that a trigger is wrong.
 */
const countersRepair: StoaTask = (_payload, context) =>
  recorded('counters_repair', context, async () => {
    const { rows } = await context.query<{ repaired: number }>(
      'select social.repair_friend_edges() as repaired',
    );
    const repaired = rows[0]?.repaired ?? 0;
    await reportDifferences('counters_repair', context, repaired);
    return { rowsAffected: repaired };
  });

export default countersRepair;
