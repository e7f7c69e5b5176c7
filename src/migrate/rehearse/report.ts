import type { TargetState } from '../plan/target.ts';

/** What a rehearsal found, as `--report FILE.json` writes it. `migrate up --rehearsed` holds itself to it. */
export interface RehearsalReport {
  readonly version: 1;
  readonly madeAt: string;
  readonly database: string;
  readonly serverVersion: string;
  /** How the copy was made. */
  readonly copy: { readonly from: CopySource; readonly elapsedMs: number; readonly bytes: number };
  /** The database that was copied, as it stood. */
  readonly target: TargetState;
  readonly migrations: readonly RehearsedMigration[];
  /** Tables that were read and written by probes all the time. */
  readonly probed: readonly ProbedTable[];
  /** Why it ended before the last migration; null when all were applied. */
  readonly failure: string | null;
}

export type CopySource = 'template' | 'rows' | 'backup';

export interface RehearsedMigration {
  readonly name: string;
  readonly file: string;
  readonly checksum: string;
  /** Null when it was not reached, or failed. */
  readonly elapsedMs: number | null;
  /** The longest over the whole file, until it had committed: a lock is held to the end of a transaction. */
  readonly readerStall: Stall | null;
  readonly writerStall: Stall | null;
  readonly statements: readonly RehearsedStatement[];
}

export interface RehearsedStatement {
  /** From 1. */
  readonly number: number;
  readonly line: number;
  readonly kind: string;
  readonly text: string;
  readonly elapsedMs: number;
  /** How long one read, one write of a row waited at most while the statement ran, for whatever reason. */
  readonly readerStall: Stall | null;
  readonly writerStall: Stall | null;
  /** Written to the log of the server meanwhile, by the statement and by the probes. */
  readonly walBytes: number;
  /** By which the database grew, negative where it shrank. */
  readonly diskBytes: number;
}

export interface Stall {
  readonly ms: number;
  readonly table: string;
}

export interface ProbedTable {
  readonly table: string;
  readonly reads: number;
  readonly writes: number;
  /** How long one takes usually. */
  readonly readMs: number;
  readonly writeMs: number;
  /** How a write was tried: a row that is rolled back, or only the lock that a write takes. */
  readonly writesBy: 'row' | 'lock';
}

/** One read or write of a probe, in the time of `performance.now()`. */
export interface ProbeSpan {
  readonly table: string;
  readonly begun: number;
  readonly ended: number;
}

/** How long a probe waited at most while something ran: the longest part of one operation that lies in that time. */
export function longestStall(
  spans: readonly ProbeSpan[],
  window: { readonly begun: number; readonly ended: number },
): Stall | null {
  let longest: Stall | null = null;
  for (const { table, begun, ended } of spans) {
    const ms = Math.min(ended, window.ended) - Math.max(begun, window.begun);
    if (ms > (longest?.ms ?? 0)) longest = { ms, table };
  }
  return longest;
}
