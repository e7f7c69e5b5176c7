import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const atOnce = 500;

/** Archives threads that were silent for as long as they may be. */
const threadsArchive: StoaTask = (_payload, context) =>
  untilDone(context, 'groups.archive_idle_threads(now(), $1)', [atOnce], atOnce);

export default threadsArchive;
