import type { StoaTask } from '../task.ts';

const atOnce = 200;

/** Asks for summaries of what was said since the last ones, and for stale ones anew. Leaves no record of each run. */
const summariesPlan: StoaTask = async (_payload, context) => {
  for (;;) {
    context.abortSignal?.throwIfAborted();
    const { rows } = await context.query<{ planned: number }>(
      'select insight.plan_summaries($1) as planned',
      [atOnce],
    );
    if ((rows[0]?.planned ?? 0) === 0) return;
  }
};

export default summariesPlan;
