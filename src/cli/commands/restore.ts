import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { openBackupVault } from '../../backup/open.ts';
import { afterRecoveryHooks } from '../../backup/restore/hooks.ts';
import { type RestoreResult, restore } from '../../backup/restore/restore.ts';
import { parseTablespaceMapping, type TablespaceMapping } from '../../backup/restore/tablespaces.ts';
import { lsnTarget, nameTarget, type RecoveryTarget, timeTarget } from '../../backup/restore/target.ts';
import { type Config, extendConfig } from '../../config.ts';
import { dataFolder } from '../../data-folder.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { openDatabase } from '../../postgres/database.ts';
import { readPointer } from '../../postgres/embedded.ts';
import { alreadyRunning, readHolder } from '../../postgres/holder.ts';
import { openStorage } from '../../storage/open.ts';
import { untilInterrupted } from '../interrupt.ts';
import { runUntilStopped } from '../lifetime.ts';
import { duration, note, print, printJson, progress, styled, warn } from '../output.ts';
import { settingsOf } from '../settings.ts';
import { restoreIntoDatabase } from './restore-database.ts';
import { registerRestoreRows } from './restore-rows.ts';

interface RestoreFlags {
  readonly into?: string;
  readonly backup?: string;
  readonly replace?: true;
  readonly to?: string;
  readonly toLsn?: string;
  readonly toName?: string;
  readonly toBackup?: true;
  readonly latest?: true;
  readonly timeline?: number;
  readonly confirm?: string;
  readonly tablespaceMapping?: readonly TablespaceMapping[];
  readonly start?: true;
  readonly port?: number;
  readonly json?: true;
}

function number(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function targetOf(flags: RestoreFlags): RecoveryTarget {
  const given: RecoveryTarget[] = [];
  if (flags.to !== undefined) given.push(timeTarget(flags.to));
  if (flags.toLsn !== undefined) given.push(lsnTarget(flags.toLsn));
  if (flags.toName !== undefined) given.push(nameTarget(flags.toName));
  if (flags.toBackup) given.push({ kind: 'backup' });
  if (flags.latest) given.push({ kind: 'latest' });
  if (given.length > 1) {
    throw new StoaError('restore.bad_target', 'Only one moment can be restored.', {
      cure: 'Give one of --to, --to-lsn, --to-name, --to-backup and --latest.',
      exitCode: exitCodes.usage,
    });
  }
  return given[0] ?? { kind: 'latest' };
}

async function confirmed(expected: string, given: string | undefined): Promise<boolean> {
  if (given !== undefined) return given === expected;
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await asking.question(`Type ${expected} to replace the database there: `)).trim() === expected;
  } finally {
    asking.close();
  }
}

interface Replaced {
  readonly folder: string;
  readonly aside: string;
}

/** The database of this installation makes way, and stays beside the new one until somebody removes it. */
async function makeWay(config: Config, flags: RestoreFlags): Promise<Replaced | undefined> {
  const holder = readHolder(config.dataDir);
  if (holder) throw alreadyRunning(holder, config.dataDir);
  const paths = dataFolder(config.dataDir);
  const folder = readPointer(config.dataDir)?.folder ?? paths.postgres;
  if (!existsSync(folder)) return undefined;
  const expected = relative(config.projectDir, config.dataDir) || config.dataDir;
  if (!(await confirmed(expected, flags.confirm))) {
    throw new StoaError(
      'restore.not_confirmed',
      `${config.dataDir} holds the database of this installation, which would be replaced.`,
      {
        cure: `Restore into another folder, or repeat it with --confirm ${expected}.`,
        exitCode: exitCodes.refused,
      },
    );
  }
  const aside = join(
    dirname(folder),
    `postgres.replaced-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`,
  );
  renameSync(folder, aside);
  return { folder, aside };
}

/** What made way for a restore that failed comes back. */
function comeBack(config: Config, { folder, aside }: Replaced): void {
  rmSync(folder, { recursive: true, force: true });
  rmSync(dataFolder(config.dataDir).restoring, { force: true });
  renameSync(aside, folder);
}

function show(result: RestoreResult, aside: string | undefined): void {
  const { rto } = result;
  const lines: [string, string][] = [
    ['Restored', `${result.target}, from ${result.backup} and ${result.walFiles} files of the log`],
    ['Folder', result.folder],
    ...result.tablespaces.map(({ oid, folder }): [string, string] => ['Tablespace', `${oid} in ${folder}`]),
    ['Timeline', String(result.timeline)],
    ['Last commit', result.lastTransactionAt ?? 'none after the backup'],
    ['RPO', result.rpoMs === null ? 'not measured' : duration(result.rpoMs)],
    [
      'RTO',
      `${duration(rto.totalMs)}: unpack ${duration(rto.unpackMs)}, log ${duration(rto.logMs)}, recovery ${duration(rto.recoverMs)}, rest ${duration(rto.finishMs)}`,
    ],
  ];
  if (aside !== undefined) lines.push(['Replaced', aside]);
  for (const [name, value] of lines) print(`${styled('bold', name.padEnd(12))}${value}`);
  for (const warning of result.warnings) warn(warning);
  note(`Start it: STOA_DATA_DIR=${result.folder} stoa up`);
}

/** The database alone, for somebody to look at, until Ctrl-C. */
async function keepRunning(config: Config, into: string, port: number | undefined): Promise<number> {
  const settings = extendConfig(config, {
    dataDir: into,
    databaseUrl: undefined,
    backupUrl: undefined,
    postgresPort: port ?? config.postgresPort,
  });
  return runUntilStopped(async (lifetime) => {
    const database = await openDatabase(settings, { command: 'restore', exclusive: true, onEvent: note });
    lifetime.add((ending) => database.close(ending === 'at once' ? 'immediate' : 'fast'));
    print(`PostgreSQL answers: psql "$(STOA_DATA_DIR=${into} stoa psql-url)"    Stop it with Ctrl-C.`);
  });
}

export function registerRestore(program: Command): void {
  const restoring = program
    .command('restore')
    .description('make a database of one moment out of backups and the archived log')
    .option(
      '--into <FOLDER|URL>',
      'a folder that is empty or not there, which becomes a data folder; or a database, for a logical backup',
    )
    .option('--backup <ID>', 'begin with this backup (default: the newest before that moment)')
    .option('--to <TIME>', 'a time, as 2026-11-21T14:05:00Z')
    .option('--to-lsn <LSN>', 'a position in the log, as 0/1A2B3C4D')
    .option('--to-name <NAME>', 'a restore point that was made with pg_create_restore_point')
    .option('--to-backup', 'the end of the backup itself')
    .option('--latest', 'the last thing that is archived (which is the default)')
    .option('--timeline <NUMBER>', 'follow this timeline (default: the newest)', number)
    .option('--replace', 'the database of that name makes way; it is kept under another')
    .option(
      '--confirm <NAME>',
      'replace what is there: the data folder of this installation, or the database, by its name',
    )
    .option(
      '-T, --tablespace-mapping <OLD=NEW>',
      'restore the tablespace of this location into another folder; may be given several times',
      (text: string, others: readonly TablespaceMapping[] = []) => [...others, parseTablespaceMapping(text)],
    )
    .option('--start', 'let its server run afterwards, until Ctrl-C')
    .option('--port <PORT>', 'the port of that server', number)
    .option('--json', 'print what was reached as JSON')
    .addHelpText(
      'after',
      `
Needs a private key where backups are encrypted (STOA_BACKUP_IDENTITY or STOA_BACKUP_IDENTITY_FILE). A moment
that cannot be reached is an error, never the nearest one. Nobody but its owner can log in before what has to
happen after a restore has happened; one that is cut off leaves a folder from which nothing starts.

A tablespace goes to where it was, where that folder is empty or not there; never over the one of a server that
runs. "stoa backup show" lists them.

Examples:
  stoa restore --into ../look --to 2026-11-21T14:05:00Z
  stoa restore --into ../look --latest --start --port 54399
  stoa restore --into .stoa --confirm .stoa
  stoa restore --into ../look --tablespace-mapping /disk2/tables=/disk3/tables
  stoa restore --into postgres://admin@db.example/stoa_copy`,
    )
    .action(async ({ into: named, ...rest }: RestoreFlags, command: Command) => {
      if (named === undefined) {
        throw new StoaError('restore.no_place', 'It was not said where to restore.', {
          cure: 'Give --into FOLDER, or --into URL for a logical backup.',
          exitCode: exitCodes.usage,
        });
      }
      const flags = { ...rest, into: named };
      const config = await settingsOf(command);
      const isDatabase = /^postgres(?:ql)?:\/\//i.test(flags.into);
      if (isDatabase && flags.tablespaceMapping !== undefined) {
        throw new StoaError(
          'restore.not_a_folder',
          '--tablespace-mapping is about clusters, and a database was named.',
          {
            cure: 'Name a folder, or leave --tablespace-mapping away.',
            exitCode: exitCodes.usage,
          },
        );
      }
      if (isDatabase) return restoreIntoDatabase(config, flags);
      if (flags.replace) {
        throw new StoaError(
          'restore.not_a_database',
          '--replace is about databases, and a folder was named.',
          {
            cure: 'Give the URL of a database, or leave --replace away.',
            exitCode: exitCodes.usage,
          },
        );
      }
      const target = targetOf(flags);
      const into = resolve(config.projectDir, flags.into);
      const isHere = into === config.dataDir;
      const vault = await openBackupVault(config);
      const uploads = await openStorage(config);
      let result: RestoreResult;
      let replaced: Replaced | undefined;
      let bar: ReturnType<typeof progress> | undefined;
      try {
        replaced = isHere ? await makeWay(config, flags) : undefined;
        let step = '';
        result = await untilInterrupted((signal) =>
          restore({
            vault,
            into,
            target,
            keep: isHere,
            postgresPort: flags.port ?? config.postgresPort,
            afterRecovery: afterRecoveryHooks({ vault, uploads }),
            signal,
            tablespaces: { kind: 'mapped', mappings: flags.tablespaceMapping ?? [] },
            ...(flags.backup === undefined ? {} : { backup: flags.backup }),
            ...(flags.timeline === undefined ? {} : { timeline: flags.timeline }),
            ...(config.secretKey === undefined ? {} : { secretKey: config.secretKey.toString('base64') }),
            onStep: note,
            onProgress: (name, done, total) => {
              const isBytes = name === 'unpack';
              if (name !== step) {
                bar?.end();
                step = name;
                bar = progress(name, isBytes ? 'MB' : 'files', isBytes ? Math.ceil(total / 1e6) : total);
              }
              bar?.update(isBytes ? Math.floor(done / 1e6) : done);
            },
          }),
        );
        bar?.end();
        if (flags.json) printJson({ ...result, replaced: replaced?.aside ?? null });
        else show(result, replaced?.aside);
      } catch (error) {
        if (replaced) comeBack(config, replaced);
        throw error;
      } finally {
        bar?.end();
        uploads.close();
        vault.storage.close();
      }
      if (flags.start) process.exitCode = await keepRunning(config, into, flags.port);
    });
  registerRestoreRows(restoring);
}
