import { openBackupVault } from '../../backup/open.ts';
import { runLogicalBackup } from '../../backup/run-logical.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Copies the rows of the tables that matter most, every night. Does nothing where backups are switched off, or without a login. */
const backupLogical: StoaTask = async (_payload, context) => {
  const { config, log } = context;
  if (!config.backup.daily || config.backupUrl === undefined) return;
  await recorded('backup_logical', context, async () => {
    const vault = await openBackupVault(config);
    try {
      const { id, artifacts } = await runLogicalBackup({
        config,
        vault,
        format: 'stoa',
        ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
        onTrouble: (reason) => log.warn({ reason }, 'a backup could not be recorded'),
      });
      return { rowsAffected: 0, detail: { made: id, objects: Object.keys(artifacts).length } };
    } finally {
      vault.storage.close();
    }
  });
};

export default backupLogical;
