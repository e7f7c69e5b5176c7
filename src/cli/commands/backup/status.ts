import type { Command } from 'commander';
import { openBackupVault } from '../../../backup/open.ts';
import { type BackupStatus, readBackupStatus } from '../../../backup/status.ts';
import { exitCodes } from '../../../errors.ts';
import { byteSize, duration, print, printJson, styled, wrapped } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;

function show(status: BackupStatus): void {
  const { newest, log, window } = status;
  const lines: [string, string][] = [
    ['Storage', status.storage],
    ['Backups', `${status.backups}, ${byteSize(status.storedBytes)}`],
    ['Newest', newest ? `${newest.id}, ${duration(newest.ageSeconds * 1000)} ago` : 'none'],
    ['Verified', newest?.verifiedAt ? minute(newest.verifiedAt) : 'not yet: stoa backup verify'],
    ['Log', log ? `${log.files} files, the last of ${minute(log.archivedAt)}` : 'none is archived'],
    [
      'Restorable',
      window ? `every moment from ${minute(window.from)} to ${minute(window.to)}` : 'the end of each backup',
    ],
    ['Encrypted', status.recipients.length === 0 ? 'no' : `for ${status.recipients.length} keys`],
  ];
  for (const [name, value] of lines) print(`${styled('bold', name.padEnd(12))}${value}`);
  for (const name of status.unfinished) print(`${styled('bold', 'Unfinished'.padEnd(12))}${name}`);
  for (const problem of status.problems) print(styled('red', wrapped(`✗ ${problem}`)));
  for (const warning of status.warnings) print(styled('yellow', wrapped(`! ${warning}`)));
}

export function registerBackupStatus(backup: Command): void {
  backup
    .command('status')
    .description('whether there is a backup to rely on, and which moments can be restored')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Looks at the storage alone: it needs no key and no database.

Exit codes: ${exitCodes.ok} there is, ${exitCodes.checkFailed} something is wrong: no backup, one that is too old or damaged, a hole in the log.`,
    )
    .action(async (flags: { json?: true }, command: Command) => {
      const settings = await settingsOf(command);
      const vault = await openBackupVault(settings);
      try {
        const status = await readBackupStatus({
          vault,
          place: settings.backup.storage,
          dataDir: settings.dataDir,
        });
        if (!status.isGood) process.exitCode = exitCodes.checkFailed;
        if (flags.json) printJson(status);
        else show(status);
      } finally {
        vault.storage.close();
      }
    });
}
