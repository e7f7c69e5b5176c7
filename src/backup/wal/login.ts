import type { ReadyConfig } from '../../postgres/database.ts';
import { readPointer } from '../../postgres/embedded.ts';

/** Whether the database is the server of this data folder. */
export function isEmbedded(config: ReadyConfig): boolean {
  const { hostname, port } = new URL(config.adminUrl);
  return hostname === '127.0.0.1' && port === String(readPointer(config.dataDir)?.port);
}
