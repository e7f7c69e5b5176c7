import { openKeptIndexes } from '../../backup/increment/kept-index.ts';
import { openBackupVault } from '../../backup/open.ts';
import { runIncrement, searchParent } from '../../backup/run-increment.ts';
import { recorded, type StoaTask } from '../task.ts';

/**
 * Takes what changed since the last backup, so that less of the log has to be replayed; a base where one is due, or
 * nothing tells here what the last backup holds. Does nothing before the first backup, where backups or increments are
 * switched off, where no login is known that may replicate, and where the next one could not be compared with it either.
 */
const backupIncrement: StoaTask = async (_payload, context) => {
  const { config, log } = context;
  const { daily, increments } = config.backup;
  if (!daily || !increments || config.backupUrl === undefined) return;
  const kept = openKeptIndexes(config);
  if (kept !== undefined && config.backupIdentity === undefined && !(await kept.canKeep())) {
    const { blockIndex: folder } = config.backup;
    log.warn(
      { folder },
      'no increment: the hashes of its blocks cannot be kept there, nor read in the storage',
    );
    return;
  }
  const vault = await openBackupVault(config);
  try {
    const options = {
      config,
      vault,
      label: 'hourly',
      ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
      onTrouble: (reason: string) => log.warn({ reason }, 'a backup could not be recorded'),
      onNotKept: (reason: string) => log.warn({ reason }, 'the hashes of its blocks could not be kept'),
      onWhole: (reason: string) => log.warn({ reason }, 'a whole backup instead of an increment'),
    };
    const search = await searchParent(options);
    if (!search.hasBackups) return;
    await recorded('backup_increment', context, async () => {
      const entry = await runIncrement(options, search);
      return {
        rowsAffected: 0,
        detail: { made: entry.id, parent: entry.parent ?? null, reason: search.reason },
      };
    });
  } finally {
    vault.storage.close();
  }
};

export default backupIncrement;
