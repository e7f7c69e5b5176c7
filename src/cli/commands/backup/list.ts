import type { Command } from 'commander';
import { type BackupEntry, listBackups, listUnfinished, readEntry } from '../../../backup/catalog.ts';
import { openBackupVault } from '../../../backup/open.ts';
import { readVerification } from '../../../backup/verify.ts';
import { StoaError } from '../../../errors.ts';
import { byteSize, print, printJson, table, warn } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

interface Listed {
  readonly entry: BackupEntry;
  readonly verified: 'whole' | 'damaged' | 'not yet';
}

export function registerBackupList(backup: Command): void {
  backup
    .command('list')
    .description('the backups that are there, oldest first')
    .option('--json', 'print their entries as JSON')
    .action(async (flags: { json?: true }, command: Command) => {
      const vault = await openBackupVault(await settingsOf(command));
      try {
        const listed: Listed[] = [];
        const unreadable: string[] = [];
        for (const id of await listBackups(vault.storage)) {
          try {
            const entry = await readEntry(vault.storage, id);
            const verification = await readVerification(vault.storage, id);
            const isWhole = verification?.faults.length === 0;
            const verified = verification === undefined ? 'not yet' : isWhole ? 'whole' : 'damaged';
            listed.push({ entry, verified });
          } catch (error) {
            if (!(error instanceof StoaError && /^backup\.(damaged|unknown)$/.test(error.code))) throw error;
            unreadable.push(id);
          }
        }
        const unfinished = await listUnfinished(vault.storage);
        if (flags.json) {
          printJson({
            storage: vault.storage.description,
            backups: listed.map(({ entry, verified }) => ({ ...entry, verified })),
            unreadable,
            unfinished,
          });
          return;
        }
        print(
          table(
            ['backup', 'finished', 'size', 'stored', 'for', 'verified', 'label'],
            listed.map(({ entry, verified }) => {
              const artifacts = Object.values(entry.artifacts);
              return [
                entry.id,
                entry.finishedAt.slice(0, 16).replace('T', ' '),
                byteSize(artifacts.reduce((sum, { size }) => sum + size, 0)),
                byteSize(artifacts.reduce((sum, { storedSize }) => sum + storedSize, 0)),
                entry.recipients.length === 0 ? 'anybody' : `${entry.recipients.length} keys`,
                verified,
                'label' in entry && entry.label !== entry.id ? entry.label : '',
              ];
            }),
            { right: [2, 3] },
          ),
        );
        for (const id of unreadable) warn(`The entry of ${id} cannot be read.`);
        if (unfinished.length > 0) warn(`${unfinished.length} unfinished; see "stoa backup status".`);
      } finally {
        vault.storage.close();
      }
    });
}
