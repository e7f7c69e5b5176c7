import { openBackupVault } from '../../../backup/open.ts';
import { runLogicalBackup } from '../../../backup/run-logical.ts';
import type { Config } from '../../../config.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { requireMigrated } from '../../installation.ts';
import { untilInterrupted } from '../../interrupt.ts';
import { byteSize, duration, note, print, printJson, progress, warn } from '../../output.ts';

export interface LogicalFlags {
  readonly format: 'stoa' | 'custom';
  readonly json?: true;
}

export async function createLogical(settings: Config, flags: LogicalFlags): Promise<void> {
  await withOpenDatabase(settings, { command: 'backup create', onEvent: note }, async (config) => {
    await requireMigrated(config);
    const vault = await openBackupVault(config);
    const begun = Date.now();
    let bar: ReturnType<typeof progress> | undefined;
    try {
      const entry = await untilInterrupted((signal) =>
        runLogicalBackup({
          config,
          vault,
          format: flags.format,
          signal,
          onProgress: ({ tables, bytes }) => {
            const byTable = tables.total > 0;
            bar ??= progress('backup', byTable ? 'tables' : 'MB', byTable ? tables.total : undefined);
            bar.update(byTable ? tables.done : Math.floor(bytes / 1e6));
          },
          onTrouble: (reason) => warn(`It is not recorded in ops.backup_runs: ${reason}`),
        }),
      );
      bar?.end();
      if (flags.json) return printJson(entry);
      const artifacts = Object.values(entry.artifacts);
      const sum = (of: (artifact: (typeof artifacts)[number]) => number): string =>
        byteSize(artifacts.reduce((total, artifact) => total + of(artifact), 0));
      print(entry.id);
      print(
        `${artifacts.length} objects, ${sum(({ size }) => size)} read, ${sum(({ storedSize }) => storedSize)} stored, ${duration(Date.now() - begun)}`,
      );
      if (entry.recipients.length === 0) {
        warn('It is not encrypted. Make a key with "stoa keys new" and set STOA_BACKUP_RECIPIENTS.');
      }
    } finally {
      bar?.end();
      vault.storage.close();
    }
  });
}
