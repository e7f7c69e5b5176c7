import type { Command } from 'commander';
import { readEntry } from '../../../backup/catalog.ts';
import { openBackupVault } from '../../../backup/open.ts';
import { readVerification } from '../../../backup/verify.ts';
import { byteSize, print, printJson, styled, table } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

export function registerBackupShow(backup: Command): void {
  backup
    .command('show')
    .description('everything that is known of one backup')
    .argument('<ID>', 'as "stoa backup list" prints it')
    .option('--json', 'print its entry as JSON')
    .action(async (id: string, flags: { json?: true }, command: Command) => {
      const vault = await openBackupVault(await settingsOf(command));
      try {
        const entry = await readEntry(vault.storage, id);
        const verification = await readVerification(vault.storage, id);
        if (flags.json) {
          printJson({ ...entry, verification: verification ?? null });
          return;
        }
        const lines: [string, string][] = [
          ['Kind', entry.kind],
          ...('label' in entry && entry.label !== undefined
            ? [['Label', entry.label] as [string, string]]
            : []),
          ['Began', entry.startedAt],
          ['Finished', entry.finishedAt],
          [
            'Server',
            `${Math.floor(entry.serverVersion / 10_000)}.${entry.serverVersion % 10_000}, system ${entry.systemIdentifier}`,
          ],
          ['Migration', entry.migration ?? 'unknown'],
          ...(entry.kind === 'logical'
            ? ([['Tiers', entry.tiers.join(', ')]] as [string, string][])
            : ([['Log', `${entry.startLsn} to ${entry.endLsn} on timeline ${entry.timeline}`]] as [
                string,
                string,
              ][])),
          [
            'Verified',
            verification === undefined
              ? 'not yet'
              : `${verification.at}${verification.isDeep ? ', unpacked' : ''}`,
          ],
        ];
        for (const fault of verification?.faults ?? []) lines.push(['', fault]);
        if (entry.recipients.length === 0) lines.push(['Readable', 'by anybody: it is not encrypted']);
        for (const [index, recipient] of entry.recipients.entries()) {
          lines.push([index === 0 ? 'Readable' : '', recipient]);
        }
        for (const [name, value] of lines) print(`${styled('bold', name.padEnd(10))}${value}`);
        if (entry.kind !== 'logical' && entry.tablespaces !== undefined) {
          print();
          print(
            table(
              ['tablespace', 'size', 'location'],
              entry.tablespaces.map(({ oid, location, size }) => [oid, byteSize(size), location]),
              { right: [1] },
            ),
          );
        }
        print();
        print(
          table(
            ['object', 'size', 'stored', 'digest of what is stored'],
            Object.values(entry.artifacts).map(({ key, size, storedSize, storedSha256 }) => [
              key.split('/').slice(2).join('/'),
              byteSize(size),
              byteSize(storedSize),
              storedSha256 ?? 'of each file, in the manifest',
            ]),
            { right: [1, 2] },
          ),
        );
      } finally {
        vault.storage.close();
      }
    });
}
