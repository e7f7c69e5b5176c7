import type { ReadyConfig } from '../../postgres/database.ts';
import type { Vault } from '../vault.ts';
import { reasonOf } from './check.ts';
import { capturePoint, storePoint } from './point.ts';

/** A writer that does not let the lock in now may do so a moment later. */
const attempts = 3;

/**
 * Notes, after a backup was taken, what a drill has to find in it, beside the backups. A backup is good without:
 * `onTrouble` is told why there is none. Answers with its key.
 */
export async function notePoint(
  config: Pick<ReadyConfig, 'adminUrl'>,
  vault: Vault,
  onTrouble: (reason: string) => void,
): Promise<string | undefined> {
  let trouble = '';
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      return await storePoint(vault, await capturePoint({ url: config.adminUrl }));
    } catch (error) {
      trouble = reasonOf(error);
    }
  }
  onTrouble(trouble);
  return undefined;
}
