import type { StatementClass } from './traits.ts';

/** How patient a run is. */
export interface Patience {
  /** The first try of a migration: short, so that a queue behind it stays short. */
  readonly canaryLockTimeoutMs: number;
  /** The tries after it, which hold their place in the queue longer. */
  readonly lockTimeoutMs: number;
  /** For statements that define something; 0 is none. */
  readonly definitionTimeoutMs: number;
  /** For statements that change rows; 0 is none. */
  readonly dataTimeoutMs: number;
  /** How often a migration is tried when it does not get a lock or loses a deadlock. */
  readonly tries: number;
  /** Pause before the second try; doubles with each try up to `longestPauseMs`, and a random part is taken off. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long a concurrent statement may be held up by others before it is given up; 0 is for ever. */
  readonly concurrentWaitMs: number;
  /** How long another migrator is waited for. */
  readonly migratorWaitMs: number;
}

export const defaultPatience: Patience = {
  canaryLockTimeoutMs: 2_000,
  lockTimeoutMs: 5_000,
  definitionTimeoutMs: 300_000,
  dataTimeoutMs: 1_800_000,
  tries: 10,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  concurrentWaitMs: 0,
  migratorWaitMs: 3_600_000,
};

export interface Timeouts {
  readonly lockMs: number;
  readonly statementMs: number;
}

export function timeoutsFor(statement: StatementClass, attempt: number, patience: Patience): Timeouts {
  switch (statement) {
    case 'concurrent':
      // A lock timeout would also count the wait for snapshots on tables that have nothing to do with it, and leave
      // an invalid index behind.
      return { lockMs: 0, statementMs: 0 };
    case 'definition':
      return { lockMs: lockTimeout(attempt, patience), statementMs: patience.definitionTimeoutMs };
    case 'data':
      return { lockMs: lockTimeout(attempt, patience), statementMs: patience.dataTimeoutMs };
  }
}

function lockTimeout(attempt: number, patience: Patience): number {
  return attempt === 1 ? patience.canaryLockTimeoutMs : patience.lockTimeoutMs;
}

/** Between half of the doubled pause and all of it. */
export function pauseBefore(attempt: number, patience: Patience): number {
  const pause = Math.min(patience.firstPauseMs * 2 ** (attempt - 2), patience.longestPauseMs);
  return Math.round(pause / 2 + (Math.random() * pause) / 2);
}
