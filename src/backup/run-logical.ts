import type { ReadyConfig } from '../postgres/database.ts';
import { embeddedSecrets, embeddedUrl, readPointer } from '../postgres/embedded.ts';
import { recordedBackup } from './base/record.ts';
import type { LogicalBackup } from './catalog.ts';
import { createLogicalBackup, type DumpProgress } from './logical/dump.ts';
import { createCustomDump } from './logical/pg-dump.ts';
import type { Vault } from './vault.ts';
import { isEmbedded } from './wal/login.ts';

export interface RunLogicalOptions {
  readonly config: ReadyConfig;
  readonly vault: Vault;
  /** `stoa`: Stoa's own, which needs no program; `custom`: that of pg_dump. */
  readonly format: 'stoa' | 'custom';
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Omit<DumpProgress, 'table'> & { readonly table?: string }) => void;
  readonly onTrouble: (reason: string) => void;
}

/** `stoa_backup` where its password is known, else the login of the database, which must then see every row. */
function readerUrl(config: ReadyConfig): string {
  const port = readPointer(config.dataDir)?.port;
  if (port !== undefined && isEmbedded(config)) {
    return embeddedUrl(port, 'stoa_backup', embeddedSecrets(config.dataDir));
  }
  return config.backupUrl ?? config.adminUrl;
}

/** The rows of this installation's database, recorded in it as far as it can be written. */
export function runLogicalBackup(options: RunLogicalOptions): Promise<LogicalBackup> {
  const { config, vault, format, signal, onProgress, onTrouble } = options;
  const url = readerUrl(config);
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
