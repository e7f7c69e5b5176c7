import type { ReadyConfig } from '../../postgres/database.ts';
import type { Vault } from '../vault.ts';
import { reasonOf } from './check.ts';
import { capturePoint, listPointObjects, storePoint } from './point.ts';

/** A writer that does not let the lock in now may do so a moment later. */
const attempts = 3;

/** Noting one reads every row of the tables that matter most: often enough that drills begin with increments, too. */
const dueAfterMs = 12 * 3_600_000;

/** Whether the last was noted so long ago that one is due after an increment. After each base there is one. */
async function isPointDue({ storage }: Vault, now = new Date()): Promise<boolean> {
  for await (const { modifiedAt } of listPointObjects(storage)) {
    if (now.getTime() - modifiedAt.getTime() < dueAfterMs) return false;
  }
  return true;
}

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

/** The same after an increment, where the last was noted long ago. */
export async function notePointIfDue(
  config: Pick<ReadyConfig, 'adminUrl'>,
  vault: Vault,
  onTrouble: (reason: string) => void,
): Promise<void> {
  try {
    if (await isPointDue(vault)) await notePoint(config, vault, onTrouble);
  } catch (error) {
    onTrouble(reasonOf(error));
  }
}
