import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const atOnce = 200;

/** Asks for summaries of what was said since the last ones, and for stale ones anew. */
const summariesPlan: StoaTask = (_payload, context) =>
  untilDone(context, 'insight.plan_summaries($1)', [atOnce]);

export default summariesPlan;
