import { type Command, InvalidArgumentError } from 'commander';
import { openBackupVault } from '../../../backup/open.ts';
import { prune } from '../../../backup/prune.ts';
import { usualRetention } from '../../../backup/retention.ts';
import { print, printJson, progress, table, warn } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

interface PruneFlags {
  readonly dryRun?: true;
  readonly abandonedAfter: number;
  readonly json?: true;
}

function hours(text: string): number {
  if (!/^\d{1,4}(?:\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number of hours.');
  return Number(text);
}

export function registerBackupPrune(backup: Command): void {
  backup
    .command('prune')
    .description('remove the backups and the log that are no longer kept, and what was left unfinished')
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--abandoned-after <HOURS>', 'when something unfinished counts as left over', hours, 24)
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Kept are the newest backup of each of ${usualRetention.keptDays} days, everything of the last ${usualRetention.windowDays} days with the log that leads from one
moment of them to the next, what those are laid over, the newest, and the last that was verified. When nothing
new was made for ${usualRetention.windowDays} days, nothing is removed by age. What the storage locks is told and stays.`,
    )
    .action(async (flags: PruneFlags, command: Command) => {
      const vault = await openBackupVault(await settingsOf(command));
      const bar = progress('prune', 'removed');
      try {
        const result = await prune({
          vault,
          isDryRun: flags.dryRun ?? false,
          abandonedAfterMs: flags.abandonedAfter * 3_600_000,
          onProgress: (removed) => bar.update(removed),
        });
        bar.end();
        if (flags.json) {
          printJson(result);
          return;
        }
        if (result.kept.length > 0) {
          print(
            table(
              ['kept', 'because'],
              result.kept.map(({ id, reasons }) => [id, reasons.join(', ')]),
            ),
          );
          print();
        }
        const verb = result.isDryRun ? 'would be removed' : 'removed';
        for (const id of result.removed) print(`${id} ${verb}`);
        for (const name of result.removedUnfinished) print(`${name} ${verb} (unfinished)`);
        print(`${result.removed.length} backups and ${result.removedWal.length} files of the log ${verb}.`);
        if (result.removedPoints.length > 0) {
          print(
            `${result.removedPoints.length} points for drills, which nothing leads to any more, ${verb}.`,
          );
        }
        for (const { name, reason } of result.refused) warn(`${name} stays: ${reason}`);
      } finally {
        bar.end();
        vault.storage.close();
      }
    });
}
