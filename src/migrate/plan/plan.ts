import type { Difference } from '../../catalog/fingerprint.ts';
import type { ClosedGate } from '../gates.ts';
import type { StatementEffect } from './classify.ts';
import type { LockMode } from './lock-modes.ts';
import type { TableSize } from './sizes.ts';
import type { NamedObject } from './snapshot.ts';
import type { TargetState } from './target.ts';

/** The public form of a plan: what is printed as JSON, and what `--out` writes. */
export interface Plan {
  readonly version: 1;
  readonly madeAt: string;
  readonly database: string;
  /** Of the target, and of the server on which it was measured. */
  readonly serverVersion: string;
  readonly measuredOn: string;
  readonly target: TargetState;
  /** How the target differs from what its migrations make; measured was what they make. */
  readonly drift: readonly Pick<Difference, 'change' | 'kind' | 'identity'>[];
  /** Tables that the plan locks, reads or writes, as they are in the target. */
  readonly tables: Readonly<Record<string, TableSize>>;
  readonly migrations: readonly PlannedMigration[];
  /**
   * What all of them together change for clients. Null when it was not asked for, or when the schema of one side cannot
   * be built: a server of this version may need what is pending.
   */
  readonly api: ApiChanges | null;
  readonly isBreaking: boolean;
}

export interface PlannedMigration {
  readonly name: string;
  readonly module: string;
  readonly file: string;
  readonly checksum: string;
  readonly isTransactional: boolean;
  /** What would refuse it in the target now. */
  readonly gates: readonly ClosedGate[];
  readonly retry: RetryPolicy;
  readonly statements: readonly PlannedStatement[];
  /** What this file changes for clients. Null as for the whole plan, and where many files are pending. */
  readonly api: ApiChanges | null;
  readonly isBreaking: boolean;
}

export interface RetryPolicy {
  /** How often the unit is tried. */
  readonly tries: number;
  readonly firstLockTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** A statement outside a transaction is tried once, waits without a timeout, and its remains are cleared away. */
  readonly unit: 'file' | 'statement';
}

export interface PlannedStatement {
  /** From 1. */
  readonly number: number;
  readonly line: number;
  /** `create index concurrently` */
  readonly kind: string;
  readonly text: string;
  readonly effect: StatementEffect;
  readonly locks: readonly { readonly relation: string; readonly mode: LockMode }[];
  readonly rewrites: readonly string[];
  readonly scans: readonly string[];
  readonly rebuiltIndexes: readonly string[];
  readonly replaces: readonly NamedObject[];
  /** What stops working for those who used it before, a sentence each. */
  readonly breaks: readonly string[];
  readonly timeoutMs: number;
}

/** What clients of the GraphQL API notice. */
export interface ApiChanges {
  readonly breaking: readonly string[];
  readonly dangerous: readonly string[];
  readonly added: readonly string[];
}
