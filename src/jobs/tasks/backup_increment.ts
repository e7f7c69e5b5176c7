import { openBackupVault } from '../../backup/open.ts';
import { runIncrement, searchParent } from '../../backup/run-increment.ts';
import { recorded, type StoaTask } from '../task.ts';

/**
 * Takes what changed since the last backup, so that less of the log has to be replayed. Does nothing before the first
 * backup, where backups or increments are switched off, where no login is known that may replicate, and where the last
 * backup is encrypted for others only: what it holds cannot be compared then.
 */
const backupIncrement: StoaTask = async (_payload, context) => {
  const { config, log } = context;
  const { daily, increments, recipients } = config.backup;
  if (!daily || !increments || config.backupUrl === undefined) return;
  if (recipients.length > 0 && config.backupIdentity === undefined) return;
  const vault = await openBackupVault(config);
  try {
    const options = {
      config,
      vault,
      label: 'hourly',
      ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
      onTrouble: (reason: string) => log.warn({ reason }, 'a backup could not be recorded'),
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
