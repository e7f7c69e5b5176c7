import type { Command } from 'commander';
import { listBackups, readEntry } from '../../../backup/catalog.ts';
import { openBackupVault } from '../../../backup/open.ts';
import type { Vault } from '../../../backup/vault.ts';
import { type Verification, verifyBackup } from '../../../backup/verify.ts';
import { findWal, listWal } from '../../../backup/wal-archive.ts';
import { exitCodes, StoaError } from '../../../errors.ts';
import { untilInterrupted } from '../../interrupt.ts';
import { print, printJson, progress, table, wrapped } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

interface VerifyFlags {
  readonly all?: true;
  readonly deep?: true;
  readonly log?: true;
  readonly json?: true;
}

async function idsOf(vault: Vault, id: string | undefined, flags: VerifyFlags): Promise<readonly string[]> {
  if (flags.all) return listBackups(vault.storage);
  if (id !== undefined) {
    await readEntry(vault.storage, id).catch((error: unknown) => {
      // One that cannot be read is a finding; one that is not there is a mistake of whoever asks.
      if (error instanceof StoaError && error.code === 'backup.unknown') throw error;
    });
    return [id];
  }
  if (flags.log) return [];
  const newest = (await listBackups(vault.storage)).at(-1);
  if (newest !== undefined) return [newest];
  throw new StoaError('backup.none', 'There is no backup to verify.', {
    cure: 'Make one: stoa backup create.',
    exitCode: exitCodes.checkFailed,
  });
}

async function verifyLog(
  vault: Vault,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const names = await listWal(vault);
  for (const [index, name] of names.entries()) {
    signal.throwIfAborted();
    try {
      const wal = await findWal(vault, name);
      if (wal) await vault.check(wal.artifact);
    } catch (error) {
      if (!(error instanceof StoaError && /^(backup\.damaged|storage\.missing)$/.test(error.code)))
        throw error;
      faults.push(error.message);
    }
    onProgress(index + 1, names.length);
  }
  return faults;
}

export function registerBackupVerify(backup: Command): void {
  backup
    .command('verify')
    .description('read backups again and compare them with what was written')
    .argument('[ID]', 'which one (default: the newest)')
    .option('--all', 'every one')
    .option('--deep', 'also decrypt, unpack and compare each file with the server’s manifest')
    .option('--log', 'also every file of the log that is archived')
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      `
Needs no key, except --deep where backups are encrypted. What was found is kept beside each backup.

Exit codes: ${exitCodes.ok} all is as it was written, ${exitCodes.checkFailed} something is damaged or missing.`,
    )
    .action(async (id: string | undefined, flags: VerifyFlags, command: Command) => {
      const vault = await openBackupVault(await settingsOf(command));
      try {
        const found: Verification[] = [];
        const since = new Date();
        const logFaults = await untilInterrupted(async (signal) => {
          for (const one of await idsOf(vault, id, flags)) {
            const bar = progress(one, 'MB');
            try {
              found.push(
                await verifyBackup({
                  vault,
                  id: one,
                  isDeep: flags.deep ?? false,
                  since,
                  signal,
                  onProgress: (done, total) =>
                    bar.update(Math.floor(done / 1e6), `of ${Math.ceil(total / 1e6)} MB`),
                }),
              );
            } finally {
              bar.end();
            }
          }
          if (!flags.log) return [];
          const bar = progress('log', 'files');
          try {
            return await verifyLog(vault, signal, (done, total) => bar.update(done, `of ${total}`));
          } finally {
            bar.end();
          }
        });
        const isGood = logFaults.length === 0 && found.every(({ faults }) => faults.length === 0);
        if (!isGood) process.exitCode = exitCodes.checkFailed;
        if (flags.json) {
          printJson({ isGood, backups: found, log: flags.log ? { faults: logFaults } : null });
          return;
        }
        print(
          table(
            ['backup', 'looked at', 'result'],
            found.map(({ id: name, isDeep, faults }) => [
              name,
              isDeep ? 'every file' : 'every object',
              faults.length === 0 ? 'whole' : 'DAMAGED',
            ]),
          ),
        );
        for (const fault of [...found.flatMap(({ faults }) => faults), ...logFaults])
          print(wrapped(`✗ ${fault}`));
        if (flags.log && logFaults.length === 0) print('The log is as it was written.');
      } finally {
        vault.storage.close();
      }
    });
}
