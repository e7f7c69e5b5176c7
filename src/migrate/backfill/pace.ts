/** What was seen of one batch. */
export interface BatchFacts {
  readonly elapsedMs: number;
  readonly targetMs: number;
  /** Sessions that waited for a lock of the batch while it ran. */
  readonly waiters: number;
}

const mostRows = 50_000;

/** Rows of the next batch: towards the target, at most twice or half as many, and fewer when somebody waited. */
export function nextBatchSize(rows: number, { elapsedMs, targetMs, waiters }: BatchFacts): number {
  const wanted = targetMs / Math.max(elapsedMs, 1);
  const change = Math.min(2, Math.max(0.5, wanted));
  return bounded(rows * (waiters > 0 ? Math.min(change, 0.5) : change));
}

/** After a batch that was undone. */
export function halfOf(rows: number): number {
  return bounded(rows / 2);
}

function bounded(rows: number): number {
  return Math.min(mostRows, Math.max(1, Math.floor(rows)));
}

/** What else goes on: null for a lag that nobody can see. */
export interface Pressure {
  readonly lagBytes: number | null;
  readonly isMaintained: boolean;
}

export interface Rest {
  readonly ms: number;
  /** Whether the next batch has to wait until things are better, not only for a while. */
  readonly isStop: boolean;
  /** For people; undefined when nothing holds it back. */
  readonly reason: string | undefined;
}

/** How long to leave the table alone after a batch. A busy table gets four times as long as the batch took. */
export function restAfter(batch: BatchFacts, pressure: Pressure, lagLimitBytes: number): Rest {
  if (pressure.lagBytes !== null && pressure.lagBytes > lagLimitBytes) {
    const behind = Math.round(pressure.lagBytes / 1024 / 1024);
    return { ms: 1_000, isStop: true, reason: `a standby is ${behind} MB behind` };
  }
  if (batch.waiters > 0) {
    return { ms: batch.elapsedMs * 4, isStop: false, reason: `${batch.waiters} waited for its locks` };
  }
  if (pressure.isMaintained) {
    const reason = 'vacuum, analyze or an index build is at work on the table';
    return { ms: batch.elapsedMs * 4, isStop: false, reason };
  }
  return { ms: batch.elapsedMs / 4, isStop: false, reason: undefined };
}
