import type { Config } from '../config.ts';
import { openBackupStorage, openStorage } from '../storage/open.ts';
import type { Storage } from '../storage/storage.ts';

/** What lies outside of the database and has to do with people. */
export interface Places {
  /** Bytes that they sent. */
  readonly uploads: Storage;
  /** The ledger of erasures: with the backups, because a restore needs it, and away from what it is about. */
  readonly ledger: Storage;
}

/** Whoever opens them closes them. */
export async function openPlaces(config: Config): Promise<Places & { close(): void }> {
  const uploads = await openStorage(config);
  try {
    const ledger = await openBackupStorage(config);
    return {
      uploads,
      ledger,
      close() {
        uploads.close();
        ledger.close();
      },
    };
  } catch (error) {
    uploads.close();
    throw error;
  }
}
