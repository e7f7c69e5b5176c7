import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const rowsAtOnce = 100_000;

/** Folds the views that were noted since the last minute into the posts. */
const flushViews: StoaTask = (_payload, context) =>
  untilDone(context, 'forums.flush_views($1)', [rowsAtOnce], rowsAtOnce);

export default flushViews;
