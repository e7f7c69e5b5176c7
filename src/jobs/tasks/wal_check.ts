import { setAlerts } from '../../alerts/set-alerts.ts';
import { drillAlert, judgeDrills } from '../../backup/drill/overdue.ts';
import { openBackupVault } from '../../backup/open.ts';
import { inspectWal, judgeWal, walAlerts } from '../../backup/wal/inspect.ts';
import { isEmbedded } from '../../backup/wal/login.ts';
import { recorded, type StoaTask } from '../task.ts';

/**
 * Looks whether the log of the database arrives in the storage without a gap and whether a drill has proved lately that
 * it can be restored, and raises or resolves alerts. A gap asks for a new backup, which makes up for it; so does a log that is
 * received before there is any.
 */
const walCheck: StoaTask = (_payload, context) =>
  recorded('wal_check', context, async () => {
    const { config, log } = context;
    const { slot, isReceived } = config.backup.wal;
    const vault = await openBackupVault(config);
    try {
      const state = await inspectWal(context.query, vault, slot);
      const findings = [
        ...judgeWal(state, slot, isReceived && isEmbedded(config)),
        ...(await judgeDrills(context.query)),
      ];
      const names = [
        ...walAlerts.map((name) => ({ name, subject: slot })),
        { name: drillAlert, subject: '' },
      ];
      await setAlerts(context.query, names, findings);
      for (const { name, level, detail } of findings) log.warn({ name, level, detail }, 'backups');
      // A log without a backup that it goes on from restores nothing.
      const isFirstDue = config.backup.daily && state.slot?.isActive && state.newestBackup === undefined;
      if (isFirstDue || findings.some(({ name }) => name === 'wal_gap')) {
        await context.query("select core.enqueue('backup_base', '{}', 'backup_base')");
      }
      const { archive } = state;
      return {
        rowsAffected: 0,
        detail: {
          findings: findings.map(({ name }) => name),
          lagBytes: archive.lagBytes,
          lagSeconds: archive.lagSeconds,
          lastAt: archive.lastAt,
          safeBytes: state.slot?.safeBytes,
        },
      };
    } finally {
      vault.storage.close();
    }
  });

export default walCheck;
