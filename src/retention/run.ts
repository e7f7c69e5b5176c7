import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { rest } from './pace.ts';
import type { Queryable, RetentionPolicy } from './policies.ts';

export interface PolicyResult {
  readonly name: string;
  readonly target: string;
  readonly action: RetentionPolicy['action'];
  /** Rows deleted, scrubbed or archived and deleted. */
  readonly affected: number;
  readonly batches: number;
  /** Rows that were due but in somebody's hands. */
  readonly skipped: number;
  /** Rows that are past their age and under a legal hold. */
  readonly held: number;
  /** Whether everything that was due has been looked at. */
  readonly isComplete: boolean;
  readonly elapsedMs: number;
  readonly longestBatchMs: number;
}

export interface RunOptions {
  readonly now: Date;
  /** How long to rest after a batch, as a multiple of its time. */
  readonly pace: number;
  readonly signal?: AbortSignal;
  readonly onBatch?: (policy: string, affected: number) => void;
}

/** Keys looked up at once: what is gone is not looked at again by each batch. */
const keysAtOnce = 100_000;
const attempts = 4;

const notAvailable = '55P03';
const deadlock = '40P01';

/** One batch in a transaction of its own. Undefined when its rows stayed locked. */
async function applyBatch(
  queryable: Queryable,
  policy: RetentionPolicy,
  now: Date,
  keys: readonly unknown[],
): Promise<number | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { rows } = await queryable.query<{ affected: string }>(
        'select ops.apply_retention($1, $2, $3) as affected',
        [policy.name, now, JSON.stringify(keys)],
      );
      return Number(rows[0]?.affected ?? 0);
    } catch (error) {
      const isBusy =
        error instanceof pg.DatabaseError && (error.code === notAvailable || error.code === deadlock);
      if (!isBusy) throw error;
      if (attempt === attempts) return undefined;
      await sleep(100 * 2 ** attempt);
    }
  }
}

/**
 * Deletes or scrubs what a rule takes, in short transactions, until nothing is due or it is told to stop. Cut off
 * anywhere it has done some whole batches, and the next run does the others.
 */
export async function runPolicy(
  queryable: Queryable,
  policy: RetentionPolicy,
  { now, pace, signal, onBatch }: RunOptions,
): Promise<PolicyResult> {
  const begun = performance.now();
  let affected = 0;
  let batches = 0;
  let skipped = 0;
  let longestBatchMs = 0;
  let isComplete = false;
  rounds: while (!signal?.aborted) {
    const { rows: due } = await queryable.query<{ key: unknown }>(
      'select key from ops.retention_due($1, $2, $3) as due (key)',
      [policy.name, now, keysAtOnce],
    );
    let moved = 0;
    for (let start = 0; start < due.length; start += policy.batchSize) {
      if (signal?.aborted) break rounds;
      const keys = due.slice(start, start + policy.batchSize).map(({ key }) => key);
      const batchBegun = performance.now();
      const done = await applyBatch(queryable, policy, now, keys);
      const workedMs = performance.now() - batchBegun;
      longestBatchMs = Math.max(longestBatchMs, workedMs);
      batches += 1;
      moved += done ?? 0;
      skipped += keys.length - (done ?? 0);
      onBatch?.(policy.name, affected + moved);
      await rest(workedMs, pace, signal);
    }
    affected += moved;
    if (due.length < keysAtOnce || moved === 0) {
      isComplete = true;
      break;
    }
    // What was locked is due again, and is looked at again.
    skipped = 0;
  }
  // That nothing was due is written down as well.
  if (batches === 0 && isComplete) await applyBatch(queryable, policy, now, []);
  const { rows: kept } = await queryable.query<{ held: string }>(
    'select ops.retention_held($1, $2) as held',
    [policy.name, now],
  );
  return {
    name: policy.name,
    target: policy.target,
    action: policy.action,
    affected,
    batches,
    skipped,
    held: Number(kept[0]?.held ?? 0),
    isComplete,
    elapsedMs: performance.now() - begun,
    longestBatchMs,
  };
}
