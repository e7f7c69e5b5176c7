import type { ReadyConfig } from '../../postgres/database.ts';
import { embeddedSecrets, embeddedUrl, readPointer } from '../../postgres/embedded.ts';

/** Whether the database is the server of this data folder. */
export function isEmbedded(config: ReadyConfig): boolean {
  const { hostname, port } = new URL(config.adminUrl);
  return hostname === '127.0.0.1' && port === String(readPointer(config.dataDir)?.port);
}

/**
 * With which login the log is read: `backupUrl`, on the embedded server `stoa_backup`, else the one of the database,
 * which then must be allowed to replicate.
 */
export function receiverUrl(config: ReadyConfig): string {
  if (config.backupUrl !== undefined) return config.backupUrl;
  const port = readPointer(config.dataDir)?.port;
  if (port === undefined || !isEmbedded(config)) return config.databaseUrl;
  return embeddedUrl(port, 'stoa_backup', embeddedSecrets(config.dataDir));
}
