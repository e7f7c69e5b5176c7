import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Queryable } from '../../catalog/queryable.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { sqlstateOf } from '../failure.ts';
import { halfOf, nextBatchSize, type Pressure, type Rest, restAfter } from './pace.ts';
import { type BackfillRecord, readBackfillRecords } from './record.ts';

export interface RunOptions {
  /** Runs the batches, and holds the backfill for as long as it does. A connection of its own, not a pool. */
  readonly worker: Queryable;
  /** Looks on while a batch runs. */
  readonly watcher: Queryable;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  /** Ends after this time although there is more to do. */
  readonly forMs?: number;
  readonly onBatch?: (record: BackfillRecord) => void;
}

/** Lock not available, deadlock detected, query cancelled by its timeout: the batch may succeed another time. */
const tookTooLong = '57014';
const passing = new Set(['55P03', '40P01', tookTooLong]);
/** Bad data, a broken rule, an exception of a trigger: the fault of single rows. */
const ofTheRows = /^(22|23|P0|ST)/;

/** The connection or the server is at fault: the next run goes on. */
const ofTheServer = /^(08|53|57P|58|XX)/;

const lockWaitMs = 500;
const mostTries = 20;

/**
 * Runs a backfill batch by batch until it is finished, paused or failed, until `forMs` is over or until `signal`.
 * A batch and the key that it came to are one transaction, so being cut off anywhere loses at most that batch.
 * Answers with undefined when somebody else runs it.
 */
export async function runBackfill(options: RunOptions): Promise<BackfillRecord | undefined> {
  const { worker, name } = options;
  const { rows } = await worker.query<{ is_mine: boolean }>(
    "select pg_try_advisory_lock(hashtextextended('ops.backfills:' || $1, 0)) as is_mine",
    [name],
  );
  if (rows[0]?.is_mine !== true) return undefined;
  try {
    return await new BackfillRun(options).run();
  } finally {
    await worker.query("select pg_advisory_unlock(hashtextextended('ops.backfills:' || $1, 0))", [name]);
  }
}

interface Batch {
  readonly state: string;
  readonly elapsedMs: number;
  readonly waiters: number;
}

class BackfillRun {
  readonly #options: RunOptions;
  readonly #begun = performance.now();
  /** When the batch before had ended. */
  #since = performance.now();
  #note: string | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  async run(): Promise<BackfillRecord> {
    const { signal, forMs = Number.POSITIVE_INFINITY, onBatch } = this.#options;
    let record = await this.#read();
    const workerPid = await this.#workerPid();
    let size = record.batchSize;
    let failures = 0;
    while (record.state === 'running' && !signal?.aborted && performance.now() - this.#begun < forMs) {
      let batch: Batch;
      try {
        batch = await this.#batch(record, size, workerPid);
        failures = 0;
      } catch (error) {
        const sqlstate = sqlstateOf(error);
        if (!(error instanceof Error) || sqlstate === undefined || ofTheServer.test(sqlstate)) throw error;
        const isPassing = passing.has(sqlstate);
        if (!isPassing && !ofTheRows.test(sqlstate)) {
          await this.#fail(size, error, sqlstate);
        } else if (size > 1) {
          // The smaller the batch, the fewer rows it needs at once; and a bad row is found by halving.
          size = halfOf(size);
          if (isPassing && sqlstate !== tookTooLong) await this.#pause(pauseAfter(failures));
          failures += 1;
        } else if (isPassing && failures < mostTries) {
          failures += 1;
          await this.#pause(pauseAfter(failures));
        } else {
          await this.#fail(size, error, sqlstate);
        }
        record = await this.#read();
        continue;
      }
      record = await this.#read();
      if (batch.state === 'running' || batch.state === 'finished') onBatch?.(record);
      if (batch.state !== 'running') continue;
      size = nextBatchSize(size, { ...batch, targetMs: record.targetMs });
      await this.#rest({ ...batch, targetMs: record.targetMs }, record.lagLimitBytes);
    }
    return record;
  }

  async #batch(record: BackfillRecord, size: number, workerPid: number): Promise<Batch> {
    const { worker, name } = this.#options;
    const begun = performance.now();
    const restMs = Math.round(begun - this.#since);
    const onlooker = this.#countWaiters(workerPid);
    try {
      await worker.query('begin');
      await worker.query(
        `select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)`,
        [`${Math.min(lockWaitMs, record.longestMs)}ms`, `${record.longestMs}ms`],
      );
      const { rows } = await worker.query<{ state: string }>(
        'select state from ops.run_backfill_batch($1, $2, $3, $4)',
        [name, size, restMs, this.#note],
      );
      await worker.query('commit');
      this.#since = performance.now();
      const waiters = await onlooker.stop();
      return { state: rows[0]?.state ?? 'running', elapsedMs: performance.now() - begun, waiters };
    } catch (error) {
      await onlooker.stop();
      await worker.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** How many sessions are seen to wait for this one, at most at one look. */
  #countWaiters(workerPid: number): { stop(): Promise<number> } {
    const over = new AbortController();
    let most = 0;
    const looking = (async () => {
      while (!over.signal.aborted) {
        await sleep(40, undefined, { signal: over.signal }).catch(() => undefined);
        if (over.signal.aborted) return;
        const { rows } = await this.#options.watcher.query<{ waiters: number }>(
          `select count(distinct pid)::integer as waiters
           from pg_catalog.pg_locks
           where not granted and $1 = any (pg_blocking_pids(pid))`,
          [workerPid],
        );
        most = Math.max(most, rows[0]?.waiters ?? 0);
      }
    })();
    return {
      async stop() {
        over.abort();
        await looking;
        return most;
      },
    };
  }

  async #rest(batch: Batch & { readonly targetMs: number }, lagLimitBytes: number): Promise<void> {
    for (let rest: Rest | undefined; rest === undefined || rest.isStop; ) {
      if (this.#options.signal?.aborted) return;
      rest = restAfter(batch, await this.#pressure(), lagLimitBytes);
      this.#note = rest.reason ?? null;
      await this.#pause(rest.ms);
    }
  }

  async #pause(ms: number): Promise<void> {
    // Woken by the end of the run: the loop then looks at it.
    await sleep(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }

  async #pressure(): Promise<Pressure> {
    const { rows } = await this.#options.watcher.query<{ lag_bytes: string | null; is_maintained: boolean }>(
      'select lag_bytes, is_maintained from ops.backfill_pressure($1)',
      [this.#options.name],
    );
    const [row] = rows;
    return {
      lagBytes: row?.lag_bytes == null ? null : Number(row.lag_bytes),
      isMaintained: row?.is_maintained === true,
    };
  }

  async #fail(size: number, error: Error, sqlstate: string): Promise<void> {
    // The detail of an error quotes the row, which may be anybody's.
    const message =
      error instanceof pg.DatabaseError ? `${error.message} (SQLSTATE ${sqlstate})` : error.message;
    await this.#options.worker.query('select ops.fail_backfill($1, $2, $3)', [
      this.#options.name,
      size,
      message,
    ]);
  }

  async #workerPid(): Promise<number> {
    const { rows } = await this.#options.worker.query<{ pid: number }>('select pg_backend_pid() as pid');
    return rows[0]?.pid ?? 0;
  }

  async #read(): Promise<BackfillRecord> {
    const found = (await readBackfillRecords(this.#options.worker)).find(
      ({ name }) => name === this.#options.name,
    );
    if (found) return found;
    throw new StoaError('backfill.not_started', `The backfill ${this.#options.name} was not begun.`, {
      cure: `Begin it: stoa migrate backfill start ${this.#options.name}.`,
      exitCode: exitCodes.refused,
    });
  }
}

function pauseAfter(failures: number): number {
  return Math.min(5_000, 50 * 2 ** failures) * (0.5 + Math.random() / 2);
}
