import type { StoaTask } from '../task.ts';

/** Counts every swarm anew, in batches. */
const torrentStatisticsRefresh: StoaTask = async (_payload, context) => {
  let after: string | null = null;
  let refreshed = 0;
  do {
    context.abortSignal?.throwIfAborted();
    const { rows }: { rows: { refreshed: number; next_after: string | null }[] } = await context.query(
      'select refreshed, next_after from tracker.refresh_torrent_statistics($1)',
      [after],
    );
    refreshed += rows[0]?.refreshed ?? 0;
    context.run?.report({ rowsAffected: refreshed });
    after = rows[0]?.next_after ?? null;
  } while (after !== null);
};

export default torrentStatisticsRefresh;
