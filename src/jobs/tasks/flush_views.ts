import type { StoaTask } from '../task.ts';

const rowsAtOnce = 100_000;

/** Folds the views that were noted since the last minute into the posts. Leaves no record of each run. */
const flushViews: StoaTask = async (_payload, context) => {
  for (;;) {
    const { rows } = await context.query<{ folded: string }>('select forums.flush_views($1) as folded', [
      rowsAtOnce,
    ]);
    if (Number(rows[0]?.folded ?? 0) < rowsAtOnce) return;
    context.abortSignal?.throwIfAborted();
  }
};

export default flushViews;
