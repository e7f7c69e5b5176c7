import type { Command } from 'commander';
import { registerBackupCreate } from './backup/create.ts';
import { registerBackupList } from './backup/list.ts';
import { registerBackupPrune } from './backup/prune.ts';
import { registerBackupShow } from './backup/show.ts';
import { registerBackupStatus } from './backup/status.ts';
import { registerBackupVerify } from './backup/verify.ts';
import { registerBackupWal } from './backup/wal.ts';

const story = `
Where backups go and who can read them are settings (STOA_BACKUP_STORAGE, STOA_BACKUP_RECIPIENTS). How it all
works, and how to restore without Stoa: docs/operations/backups.md.`;

export function registerBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description('back up the database, and look after the backups')
    .addHelpText('after', story)
    .action(() => {
      backup.help({ error: true });
    });
  registerBackupCreate(backup);
  registerBackupList(backup);
  registerBackupShow(backup);
  registerBackupVerify(backup);
  registerBackupStatus(backup);
  registerBackupPrune(backup);
  registerBackupWal(backup);
}
