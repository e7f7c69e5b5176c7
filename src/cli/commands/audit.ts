import type { Command } from 'commander';
import { anchorLog, sealLog, verifyLog } from '../../audit/seals.ts';
import { exitCodes } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { openBackupStorage } from '../../storage/open.ts';
import { requireMigrated } from '../installation.ts';
import { note, print, printJson, progress, styled, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

const meanings = {
  changed: 'is not what was written',
  deleted: 'is gone',
  inserted: 'was not written by Stoa',
  seal: 'does not fit its entries or the seal before it',
  anchor: 'is not the seal that was kept outside the database',
} as const;

interface VerifyFlags {
  readonly anchors: boolean;
  readonly json?: true;
}

export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('seal the audit log, and find out whether somebody changed it')
    .action(() => {
      audit.help({ error: true });
    });

  audit
    .command('verify')
    .description('compare every entry of the log with its digest, the seals and the anchors')
    .option('--no-anchors', 'do not compare with the seals that are kept in the storage')
    .option('--json', 'print facts for machines')
    .addHelpText(
      'after',
      `
Reads the whole log and changes nothing. Entries that are younger than the last seal are counted as unsealed.

Exit codes: ${exitCodes.ok} the log is what was written, ${exitCodes.checkFailed} it is not.`,
    )
    .action(async (flags: VerifyFlags, command: Command) => {
      const settings = await settingsOf(command);
      await withOpenDatabase(settings, { command: 'audit verify', onEvent: note }, async (config) => {
        await requireMigrated(config);
        const client = await connect(config.workerUrl, 'audit');
        const storage = flags.anchors ? await openBackupStorage(config) : undefined;
        const bar = progress('audit log', 'entries');
        const verdict = await verifyLog(client, {
          ...(storage === undefined ? {} : { storage }),
          onProgress: (entries, seals) => bar.update(entries, `under ${seals} seals`),
        }).finally(async () => {
          bar.end();
          storage?.close();
          await client.end();
        });
        if (verdict.faults.length > 0) process.exitCode = exitCodes.checkFailed;
        if (flags.json) return printJson(verdict);
        if (verdict.faults.length > 0) {
          print(
            table(
              ['seal', 'entry', 'what'],
              verdict.faults.map(({ seal, entry, what }) => [seal, entry, meanings[what]]),
            ),
          );
          print();
        }
        const { entries, seals, unsealed, oldestUnsealed, anchors, head } = verdict;
        print(
          `${entries.toLocaleString('en')} entries under ${seals.toLocaleString('en')} seals` +
            `${anchors === null ? '' : `, ${anchors.toLocaleString('en')} anchors`}; ${unsealed} unsealed` +
            `${oldestUnsealed === null ? '' : `, the oldest of ${oldestUnsealed.toISOString()}`}.`,
        );
        if (head !== null) print(`Head: ${head.sequence} ${head.digest}`);
        print(
          verdict.faults.length === 0
            ? 'The log is what was written.'
            : styled('red', `${verdict.faults.length} faults: the log was changed.`),
        );
      });
    });

  audit
    .command('seal')
    .description('seal what is not sealed now, and keep the head of the chain in the storage')
    .option('--json', 'print facts for machines')
    .action(async (flags: { json?: true }, command: Command) => {
      const settings = await settingsOf(command);
      await withOpenDatabase(settings, { command: 'audit seal', onEvent: note }, async (config) => {
        await requireMigrated(config);
        const client = await connect(config.workerUrl, 'audit');
        const storage = await openBackupStorage(config);
        try {
          const sealed = await sealLog(client);
          const anchored = await anchorLog(client, storage);
          if (flags.json) return printJson({ sealed, anchored });
          print(
            `${sealed} entries sealed${anchored === null ? '' : `, seal ${anchored} kept in ${storage.description}`}.`,
          );
        } finally {
          storage.close();
          await client.end();
        }
      });
    });
}
