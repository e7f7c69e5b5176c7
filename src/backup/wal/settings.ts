import type { ReadyConfig } from '../../postgres/database.ts';
import type { ReceiverSettings } from './process.ts';

/** How long a stop waits for the last bytes and for the storage. */
export const stopPatienceMs = 300;

/** What the receiver of this installation is to do. */
export function receiverSettings(config: ReadyConfig): ReceiverSettings {
  const { backup, backupStorageAccessKeyId, backupStorageSecretAccessKey } = config;
  return {
    // Of a server of its own without one, the login of the database must be allowed to replicate.
    url: config.backupUrl ?? config.databaseUrl,
    slot: backup.wal.slot,
    spoolFolder: backup.wal.spool,
    partialEveryMs: backup.wal.partialSeconds * 1_000,
    spoolLimit: backup.wal.spoolLimit,
    stopPatienceMs,
    recipients: [...backup.recipients],
    storage: {
      storage: backup.storage,
      ...(backupStorageAccessKeyId === undefined ? {} : { storageAccessKeyId: backupStorageAccessKeyId }),
      ...(backupStorageSecretAccessKey === undefined
        ? {}
        : { storageSecretAccessKey: backupStorageSecretAccessKey }),
    },
  };
}
