import type { StoaTask } from '../task.ts';

const atOnce = 500;

/** Archives threads that were silent for as long as they may be. Leaves no record of each run. */
const threadsArchive: StoaTask = async (_payload, context) => {
  for (;;) {
    context.abortSignal?.throwIfAborted();
    const { rows } = await context.query<{ archived: number }>(
      'select groups.archive_idle_threads(now(), $1) as archived',
      [atOnce],
    );
    if ((rows[0]?.archived ?? 0) < atOnce) return;
  }
};

export default threadsArchive;
