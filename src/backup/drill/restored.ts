import type { RestoreResult } from '../restore/restore.ts';
import type { Vault } from '../vault.ts';

/** The moment to recover to; there is always one. */
export type DrillTarget =
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly time: string }
  | { readonly kind: 'lsn'; readonly lsn: string };

export interface RestoreRequest {
  readonly vault: Vault;
  readonly backup: string;
  readonly target: DrillTarget;
  /** An empty folder. What is restored into it is thrown away afterwards, and need not reach the disk. */
  readonly folder: string;
  readonly onStep: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** A cluster that was recovered, had the erasures carried out that came after the target, and was stopped. */
export type RestoredCluster = Pick<
  RestoreResult,
  'timeline' | 'walFiles' | 'logFaults' | 'lastTransactionAt' | 'rpoMs' | 'rto' | 'hooks' | 'warnings'
> & { readonly dataDirectory: string };

/** How a drill restores: exactly as an emergency would. */
export type RestoreInto = (request: RestoreRequest) => Promise<RestoredCluster>;
