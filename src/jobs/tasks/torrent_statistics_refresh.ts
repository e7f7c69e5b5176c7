import type { StoaTask } from '../task.ts';

/** Counts every swarm anew, in batches. Leaves no record of each run. */
const torrentStatisticsRefresh: StoaTask = async (_payload, context) => {
  let after: string | null = null;
  do {
    context.abortSignal?.throwIfAborted();
    const { rows }: { rows: { next_after: string | null }[] } = await context.query(
      'select next_after from tracker.refresh_torrent_statistics($1)',
      [after],
    );
    after = rows[0]?.next_after ?? null;
  } while (after !== null);
};

export default torrentStatisticsRefresh;
