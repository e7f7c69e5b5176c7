import { recorded, type StoaTask } from '../task.ts';

/** The function locks the conversations it looks at, so it gets a few at a time. */
const conversationsAtOnce = 200;

/** A day, and the hour that a late run may lack. */
const since = '25 hours';

/** Looks whether conversations know their newest message: those of the last day, and a random sample. */
const conversationPositionsRepair: StoaTask = (_payload, context) =>
  recorded('conversation_positions_repair', context, async () => {
    const { rows: due } = await context.query<{ id: string }>(
      'select id from messaging.positions_due_for_repair(now() - $1::interval) as due (id)',
      [since],
    );
    const ids = due.map(({ id }) => id);
    let repaired = 0;
    for (let start = 0; start < ids.length; start += conversationsAtOnce) {
      context.abortSignal?.throwIfAborted();
      const { rows } = await context.query<{ repaired: number }>(
        'select messaging.repair_positions($1::uuid[]) as repaired',
        [ids.slice(start, start + conversationsAtOnce)],
      );
      repaired += rows[0]?.repaired ?? 0;
    }
    return { rowsAffected: repaired, detail: { checked: ids.length } };
  });

export default conversationPositionsRepair;
