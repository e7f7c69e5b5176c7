/** What a run tells while it goes. The command line prints these; tests and the API of `migrateUp` may listen. */

export type Direction = 'up' | 'down';

/** A session that stands in the way. Fields are null where the server hides other people's sessions. */
export interface Blocker {
  /** 0 for a prepared transaction, which has no process. */
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly client: string | null;
  readonly state: string | null;
  readonly query: string | null;
  /** Since its transaction began, or since it connected when it is in none. */
  readonly ageMs: number | null;
  /** What it does to us: it holds a lock we wait for, or a snapshot that a concurrent build must outlive. */
  readonly holds: 'lock' | 'snapshot';
}

export interface StatementPlace {
  readonly migration: string;
  readonly direction: Direction;
  /** From 1. */
  readonly statement: number;
  readonly statements: number;
  /** `create index concurrently`, `alter table`, … */
  readonly kind: string;
  /** Line in the file, from 1. */
  readonly line: number;
}

export type MigrationEvent =
  | { readonly type: 'waiting'; readonly holder: LockHolder | undefined; readonly waitedMs: number }
  | {
      readonly type: 'migration';
      readonly migration: string;
      readonly direction: Direction;
      readonly statements: number;
      readonly transactional: boolean;
    }
  | { readonly type: 'statement'; readonly place: StatementPlace }
  | { readonly type: 'statementDone'; readonly place: StatementPlace; readonly elapsedMs: number }
  | { readonly type: 'statementSkipped'; readonly place: StatementPlace; readonly reason: string }
  | {
      readonly type: 'blocked';
      readonly place: StatementPlace;
      readonly blockers: readonly Blocker[];
      readonly waitedMs: number;
    }
  | {
      readonly type: 'retry';
      readonly migration: string;
      readonly attempt: number;
      readonly attempts: number;
      readonly delayMs: number;
      readonly reason: string;
      readonly blockers: readonly Blocker[];
    }
  | {
      readonly type: 'recovered';
      readonly migration: string;
      readonly object: string;
      readonly reason: string;
    }
  | { readonly type: 'warning'; readonly migration: string; readonly message: string }
  | {
      readonly type: 'migrationDone';
      readonly migration: string;
      readonly direction: Direction;
      readonly elapsedMs: number;
    };

export type Listener = (event: MigrationEvent) => void;

/** The session that holds the migration lock. */
export interface LockHolder {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly host: string | null;
  readonly since: Date | null;
}
