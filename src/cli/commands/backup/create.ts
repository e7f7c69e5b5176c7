import { type Command, InvalidArgumentError, Option } from 'commander';
import type { PhysicalBackup } from '../../../backup/catalog.ts';
import { openBackupVault } from '../../../backup/open.ts';
import { runBaseBackup } from '../../../backup/run-base.ts';
import { runIncrement } from '../../../backup/run-increment.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { untilInterrupted } from '../../interrupt.ts';
import { byteSize, duration, note, print, printJson, progress, warn } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { createLogical } from './create-logical.ts';

interface CreateFlags {
  readonly physical?: true;
  readonly logical?: true;
  readonly format: 'stoa' | 'custom';
  readonly increment?: true;
  readonly label?: string;
  readonly rate?: number;
  readonly json?: true;
}

function megabytesASecond(text: string): number {
  const rate = Number(text);
  // What the server takes: 32 kB/s to 1 GB/s.
  if (!(rate >= 0.032 && rate <= 1000)) throw new InvalidArgumentError('It must be from 0.032 to 1000.');
  return rate;
}

function labelText(text: string): string {
  if (text === '' || text.length > 200 || /\p{Cc}/u.test(text)) {
    throw new InvalidArgumentError('It must be one line of at most 200 characters.');
  }
  return text;
}

function show(entry: PhysicalBackup, elapsedMs: number): void {
  const artifacts = Object.values(entry.artifacts);
  const plain = artifacts.reduce((sum, { size }) => sum + size, 0);
  const stored = artifacts.reduce((sum, { storedSize }) => sum + storedSize, 0);
  const rate = byteSize(plain / Math.max(0.001, elapsedMs / 1000));
  print(entry.parent === undefined ? entry.id : `${entry.id}, laid over ${entry.parent}`);
  print(`${byteSize(plain)} read, ${byteSize(stored)} stored, ${duration(elapsedMs)} (${rate}/s)`);
  if (entry.recipients.length === 0) {
    warn('It is not encrypted. Make a key with "stoa keys new" and set STOA_BACKUP_RECIPIENTS.');
  }
}

export function registerBackupCreate(backup: Command): void {
  backup
    .command('create')
    .description('take a backup: all files of the server, or the rows of the tables that matter most')
    .addOption(
      new Option('--physical', 'all files of the server (which is the default)').conflicts('logical'),
    )
    .addOption(
      new Option('--logical', 'the rows of the tables of tiers A and B, for any newer schema').conflicts([
        'label',
        'rate',
      ]),
    )
    .addOption(
      new Option('--format <FORMAT>', 'of a logical backup; custom is that of pg_dump, where it is installed')
        .choices(['stoa', 'custom'])
        .default('stoa'),
    )
    .addOption(
      new Option(
        '--increment',
        'only what changed since the newest backup; a whole one where that cannot be',
      ).conflicts('logical'),
    )
    .option('--label <TEXT>', 'what it is for, as "before release 12"', labelText)
    .option('--rate <MB>', 'read at most so many megabytes a second', megabytesASecond)
    .option('--json', 'print its entry as JSON')
    .addHelpText(
      'after',
      `
Reads through the replication protocol while the server goes on working: each page's checksum is checked by the
server, each file is compared with the server's manifest, and what passes is compressed, encrypted for
STOA_BACKUP_RECIPIENTS and stored. Nothing is written to a disk in between. It exists when all of it is
stored; one that is cut off does not count.

An increment is laid over the newest backup of the same timeline and is restored together with it. The server is
read as a whole all the same; what is saved is storage and the way there. Where backups are encrypted it is
compared with the hashes that the one before left in the data folder, or that a private key opens in the storage.

Examples:
  stoa backup create --label "before release 12"
  stoa backup create --rate 50 --json | jq -r .id
  stoa backup create --increment
  stoa backup create --logical`,
    )
    .action(async (flags: CreateFlags, command: Command) => {
      const settings = await settingsOf(command);
      if (flags.logical) return createLogical(settings, flags);
      await withOpenDatabase(settings, { command: 'backup create', onEvent: note }, async (config) => {
        const vault = await openBackupVault(config);
        const begun = Date.now();
        let bar: ReturnType<typeof progress> | undefined;
        try {
          const entry = await untilInterrupted((signal) => {
            const options = {
              config,
              vault,
              signal,
              ...(flags.label === undefined ? {} : { label: flags.label }),
              ...(flags.rate === undefined ? {} : { rate: flags.rate }),
              onProgress: (bytes: number, expected: number) => {
                bar ??= progress('backup', 'MB', Math.ceil(expected / 1e6));
                bar.update(Math.floor(bytes / 1e6));
              },
              onTrouble: (reason: string) => warn(`It is not recorded in ops.backup_runs: ${reason}`),
              onNotKept: (reason: string) => warn(`The hashes of its blocks are not kept here: ${reason}`),
              onWhole: (reason: string) => note(`This is a whole backup: ${reason}.`),
            };
            return flags.increment ? runIncrement(options) : runBaseBackup(options);
          });
          bar?.end();
          if (flags.json) printJson(entry);
          else show(entry, Date.now() - begun);
        } finally {
          bar?.end();
          vault.storage.close();
        }
      });
    });
}
