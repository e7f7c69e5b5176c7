import { openBackupVault } from '../../backup/open.ts';
import { prune } from '../../backup/prune.ts';
import { runBaseBackup } from '../../backup/run-base.ts';
import { recorded, type StoaTask } from '../task.ts';

/**
 * Takes the base backup of the day, then removes what is no longer kept. Does nothing where backups are switched off, or
 * where no login is known that may replicate: a server of its own needs STOA_BACKUP_URL.
 */
const backupBase: StoaTask = async (_payload, context) => {
  const { config, log } = context;
  if (!config.backup.daily || config.backupUrl === undefined) return;
  await recorded('backup_base', context, async () => {
    const vault = await openBackupVault(config);
    try {
      const entry = await runBaseBackup({
        config,
        vault,
        label: 'daily',
        ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
        onTrouble: (reason) => log.warn({ reason }, 'a backup could not be recorded'),
        onNotKept: (reason) => log.warn({ reason }, 'the hashes of its blocks could not be kept'),
      });
      const { removed, removedWal, refused } = await prune({ vault });
      return {
        rowsAffected: 0,
        detail: { made: entry.id, removed, removedWal: removedWal.length, refused: refused.length },
      };
    } finally {
      vault.storage.close();
    }
  });
};

export default backupBase;
