import type { ReadyConfig } from '../postgres/database.ts';
import { recordedBackup } from './base/record.ts';
import type { LogicalBackup } from './catalog.ts';
import { createLogicalBackup, type DumpProgress } from './logical/dump.ts';
import { createCustomDump } from './logical/pg-dump.ts';
import type { Vault } from './vault.ts';

export interface RunLogicalOptions {
  readonly config: ReadyConfig;
  readonly vault: Vault;
  /** `stoa`: Stoa's own, which needs no program; `custom`: that of pg_dump. */
  readonly format: 'stoa' | 'custom';
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Omit<DumpProgress, 'table'> & { readonly table?: string }) => void;
  readonly onTrouble: (reason: string) => void;
}

/** The rows of this installation's database, recorded in it as far as it can be written. */
export function runLogicalBackup(options: RunLogicalOptions): Promise<LogicalBackup> {
  const { config, vault, format, signal, onProgress, onTrouble } = options;
  // Without a login for backups, that of the database must see every row.
  const url = config.backupUrl ?? config.adminUrl;
  return recordedBackup(
    config.workerUrl,
    onTrouble,
    format === 'stoa' ? 'logical_tier' : 'logical_full',
    () =>
      format === 'stoa'
        ? createLogicalBackup({
            url,
            vault,
            ...(signal === undefined ? {} : { signal }),
            ...(onProgress === undefined ? {} : { onProgress }),
          })
        : createCustomDump({
            url,
            vault,
            ...(onProgress === undefined
              ? {}
              : { onProgress: (bytes) => onProgress({ bytes, tables: { done: 0, total: 0 } }) }),
          }),
  );
}
