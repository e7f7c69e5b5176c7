import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { dataFolder, ensureDataFolder, writeJson } from '../../data-folder.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { type ClusterLocation, dataDirectory, superuser } from '../../postgres/cluster.ts';
import { connect } from '../../postgres/connect.ts';
import { keepPointer } from '../../postgres/embedded.ts';
import { loginRoles, setPasswords } from '../../postgres/roles.ts';
import { findRunAs } from '../../postgres/run-as.ts';
import { reachableBinaries, reachableDataFolder } from '../../postgres/staging.ts';
import { loadSecrets } from '../../secrets.ts';
import { baseArtifacts, interrupted } from '../base/create.ts';
import { listBackups, type PhysicalBackup, readEntry } from '../catalog.ts';
import { chainOf } from '../chain.ts';
import { usualRetention } from '../retention.ts';
import type { Vault } from '../vault.ts';
import { formatLsn, type Lsn, parseLsn, placeOf, segmentName, segmentStart } from '../wal/position.ts';
import { findWal, timelineName } from '../wal-archive.ts';
import { describeGap, type ReadCoverage, readCoverage, usualSegmentSize } from '../wal-coverage.ts';
import { binariesFor } from './binaries.ts';
import { fetchWal } from './fetch-wal.ts';
import type { AfterRecoveryHook } from './hooks.ts';
import { layOver } from './lay-over.ts';
import { keepLogInside } from './log-inside.ts';
import { type RecoveredServer, recover } from './recover.ts';
import { type PlacedTablespace, planTablespaces, Tablespaces, type TablespaceWish } from './tablespaces.ts';
import { chooseBackup, describeTarget, instantOf, type RecoveryTarget } from './target.ts';
import { unpackBase } from './unpack.ts';
import { lastRecord } from './wal-records.ts';

export interface RestoreOptions {
  readonly vault: Vault;
  /** Becomes a data folder. Must be empty or not there, unless `keep` is set. */
  readonly into: string;
  readonly target: RecoveryTarget;
  /** Undefined: the newest from which the target can be reached. */
  readonly backup?: string;
  /** Undefined: the newest. */
  readonly timeline?: number;
  /** The folder holds other things, and no cluster. */
  readonly keep?: boolean;
  readonly postgresPort: number;
  /** The key of the second factors, where the backup holds none. */
  readonly secretKey?: string;
  /** Default: each tablespace to where it was, where that is free. */
  readonly tablespaces?: TablespaceWish;
  readonly afterRecovery: readonly AfterRecoveryHook[];
  /** False: what is restored is thrown away again, and need not reach the disk. */
  readonly durable?: boolean;
  readonly signal?: AbortSignal;
  readonly onStep?: (text: string) => void;
  readonly onProgress?: (step: 'unpack' | 'log' | 'recover', done: number, total: number) => void;
}

export interface RestoreResult {
  readonly backup: string;
  readonly target: string;
  /** The data folder. */
  readonly folder: string;
  readonly cluster: string;
  /** Those outside of the data directory. */
  readonly tablespaces: readonly PlacedTablespace[];
  readonly timeline: number;
  readonly walFiles: number;
  /** What is not as it should be with the archived log, although the restore came to its end. */
  readonly logFaults: readonly string[];
  /** Of the last transaction that is in it; null where none was replayed. */
  readonly lastTransactionAt: string | null;
  /** From the last transaction to the target, or to now where that is the latest; null where none was replayed. */
  readonly rpoMs: number | null;
  readonly rto: {
    readonly unpackMs: number;
    readonly logMs: number;
    readonly recoverMs: number;
    readonly finishMs: number;
    readonly totalMs: number;
  };
  readonly hooks: readonly string[];
  readonly warnings: readonly string[];
}

async function findBackup({ vault, backup, target }: RestoreOptions): Promise<PhysicalBackup> {
  if (backup !== undefined) {
    const entry = await readEntry(vault.storage, backup);
    if (entry.kind !== 'logical') return entry;
    throw new StoaError('restore.logical', `${backup} holds rows, not a cluster.`, {
      cure: 'Load it into a database that runs: stoa restore --into URL.',
      exitCode: exitCodes.input,
    });
  }
  const entries: PhysicalBackup[] = [];
  for (const id of await listBackups(vault.storage)) {
    const entry = await readEntry(vault.storage, id);
    if (entry.kind !== 'logical') entries.push(entry);
  }
  return chooseBackup(entries, target);
}

function claimFolder({ into, keep = false }: RestoreOptions): void {
  const paths = dataFolder(into);
  const isEmpty = !existsSync(into) || readdirSync(into).length === 0;
  if (!isEmpty && (!keep || existsSync(paths.postgres))) {
    throw new StoaError('restore.not_empty', `${into} is not empty.`, {
      cure: 'Name a folder that is empty or not there.',
      exitCode: exitCodes.refused,
    });
  }
  ensureDataFolder(into);
}

interface LogFile {
  readonly path: string;
  readonly start: Lsn;
}

/** What is there of the log, in its order: the file in which the backup ended, and what was brought from the archive. */
function logFilesOf(
  entry: PhysicalBackup,
  data: string,
  walFolder: string,
  files: readonly string[],
  segmentSize: number,
): readonly LogFile[] {
  const ended = parseLsn(entry.endLsn) - 1n;
  const own = {
    path: join(data, 'pg_wal', segmentName(entry.timeline, ended, segmentSize)),
    start: segmentStart(ended, segmentSize),
  };
  const brought = files.map((name) => ({
    path: join(walFolder, name),
    start: placeOf(name, segmentSize).start,
  }));
  return [...(existsSync(own.path) ? [own] : []), ...brought];
}

function lastRecordOf(files: readonly LogFile[]): Lsn {
  // A record may be so long that none begins in the last file: then it begins in one before.
  for (let from = files.length - 1; from >= Math.max(0, files.length - 8); from -= 1) {
    const [first, ...others] = files.slice(from);
    if (!first) break;
    const bytes = Buffer.concat([first, ...others].map(({ path }) => readFileSync(path)));
    const found = lastRecord(bytes, first.start);
    if (found !== undefined) return found;
  }
  throw new StoaError('restore.log_unreadable', 'The end of the log that is archived cannot be made out.', {
    cure: 'Name the moment to restore: --to, --to-lsn, --to-name or --to-backup.',
    exitCode: exitCodes.checkFailed,
  });
}

/** The target in the words of the server. */
function settingsOf(target: RecoveryTarget, log: readonly LogFile[]): Readonly<Record<string, string>> {
  if (target.kind === 'time') return { recovery_target_time: target.time };
  if (target.kind === 'lsn') return { recovery_target_lsn: target.lsn };
  if (target.kind === 'name') return { recovery_target_name: target.name };
  if (target.kind === 'backup') return { recovery_target: 'immediate' };
  return { recovery_target_lsn: formatLsn(lastRecordOf(log)) };
}

/** Which files of the log a target needs, and whether they are there. */
function neededFiles(target: RecoveryTarget, coverage: ReadCoverage, segmentSize: number): readonly string[] {
  if (target.kind === 'backup') return [];
  if (target.kind !== 'lsn') return coverage.files;
  const lsn = parseLsn(target.lsn);
  if (coverage.gap !== undefined && lsn >= coverage.until) {
    throw new StoaError(
      'restore.log_gap',
      `${describeTarget(target)} cannot be reached: ${describeGap(coverage)}.`,
      {
        cure: 'Choose a moment before the gap, or a backup from after it (--backup).',
        exitCode: exitCodes.checkFailed,
      },
    );
  }
  return coverage.files.filter((name) => placeOf(name, segmentSize).start <= lsn);
}

/** Behind a backup that is older than the window in which every moment is kept, the log is removed: what is left is later. */
function isLogPruned(entry: PhysicalBackup, coverage: ReadCoverage, now: number): boolean {
  const age = now - Date.parse(entry.finishedAt);
  // The one in which the backup ended may have stayed.
  return coverage.files.length <= 1 && age > usualRetention.windowDays * 86_400_000;
}

const hexName = /^[0-9A-F]{24}/;

async function databasesOf(server: RecoveredServer): Promise<readonly string[]> {
  const client = await connect(server.urlOf('postgres'), 'restore');
  try {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_catalog.pg_database where datallowconn and not datistemplate order by datname',
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Which of the logins there are may log in, and now may not. */
async function lockOut(server: RecoveredServer): Promise<readonly string[]> {
  const client = await connect(server.urlOf('postgres'), 'restore');
  try {
    await client.query('begin');
    const { rows } = await client.query<{ name: string }>(
      'select rolname as name from pg_catalog.pg_roles where rolname = any($1) and rolcanlogin order by rolname',
      [[...loginRoles]],
    );
    for (const { name } of rows) await client.query(`alter role ${pg.escapeIdentifier(name)} nologin`);
    await client.query('commit');
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function letIn(
  server: RecoveredServer,
  roles: readonly string[],
  passwordOf: (role: string) => string,
): Promise<void> {
  const client = await connect(server.urlOf('postgres'), 'restore');
  try {
    await client.query('begin');
    await setPasswords(client, Object.fromEntries(roles.map((role) => [role, passwordOf(role)])));
    await client.query(
      `alter role ${pg.escapeIdentifier(superuser)} password ${pg.escapeLiteral(passwordOf(superuser))}`,
    );
    for (const name of roles) await client.query(`alter role ${pg.escapeIdentifier(name)} login`);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

async function runHooks(
  server: RecoveredServer,
  hooks: readonly AfterRecoveryHook[],
  warn: (text: string) => void,
): Promise<number> {
  let databases = 0;
  for (const database of await databasesOf(server)) {
    const client = await connect(server.urlOf(database), 'restore');
    try {
      const { rows } = await client.query<{ is_ours: boolean }>(
        "select to_regclass('ops.schema_migrations') is not null as is_ours",
      );
      if (!rows[0]?.is_ours) continue;
      databases += 1;
      for (const hook of hooks) await hook.run(client, warn);
    } catch (error) {
      throw new StoaError(
        'restore.hook_failed',
        `What has to happen after a restore failed in ${database}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cure: 'Nobody can log in there. Remove the cause and restore again.',
          exitCode: exitCodes.database,
          cause: error,
        },
      );
    } finally {
      await client.end();
    }
  }
  return databases;
}

/** secrets.json of the backup where it is in it, else what is there, else the key that was given; the rest is generated. */
async function bringSecrets(options: RestoreOptions, entry: PhysicalBackup): Promise<string | undefined> {
  const { vault, into, secretKey } = options;
  const path = dataFolder(into).secrets;
  if (existsSync(path)) return undefined;
  const artifact = entry.artifacts[baseArtifacts.secrets];
  if (artifact) {
    writeJson(path, JSON.parse((await buffer(await vault.read(artifact))).toString('utf8')));
    return undefined;
  }
  if (secretKey !== undefined) {
    writeJson(path, { secretKey });
    return undefined;
  }
  return 'The backup holds no secrets.json: passwords were made anew, and people with a second factor must set it up again unless STOA_SECRET_KEY is the old one.';
}

/**
 * Makes a data folder that holds the database of one moment: files, log, recovery to an explicit target, what has to
 * happen before anybody logs in, passwords. Until it is done the folder is marked, and nothing starts from it. Refuses
 * restore.not_empty, restore.tablespace_mapping, restore.tablespace_not_empty, restore.target_unreachable, restore.log_gap,
 * restore.before_backups, restore.other_major, backup.*.
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const { vault, into, target, signal, onStep = () => {}, onProgress = () => {} } = options;
  const begun = Date.now();
  const warnings: string[] = [];
  const logFaults: string[] = [];
  const entry = await findBackup(options);
  const chain = await chainOf(vault.storage, entry);
  const binaries = binariesFor(entry);
  const segmentSize = entry.walSegmentSize ?? usualSegmentSize;
  const coverage = await readCoverage(vault, entry, {
    ...(options.timeline === undefined ? {} : { timeline: options.timeline }),
  });
  const files = neededFiles(target, coverage, segmentSize);
  if (coverage.gap !== undefined) {
    const hole = `There is a hole in the log: ${describeGap(coverage)}.`;
    if (target.kind !== 'lsn' && target.kind !== 'backup') warnings.push(hole);
    if (!isLogPruned(entry, coverage, begun)) logFaults.push(hole);
  }
  if (coverage.unlisted.length > 0) {
    const late = `The storage did not list ${coverage.unlisted.join(', ')}, which is there.`;
    warnings.push(late);
    logFaults.push(late);
  }
  const over = chain.length > 1 ? `, laid over ${chain.length - 1} before it` : '';
  onStep(`Restoring ${describeTarget(target)} from ${entry.id}${over}, ${files.length} files of the log`);

  const paths = dataFolder(into);
  const runAs = findRunAs();
  const wish = options.tablespaces ?? { kind: 'mapped', mappings: [] };
  const isBeside = wish.kind === 'beside';
  const planned = planTablespaces(entry, { wish, cluster: paths.postgres, runAs });
  claimFolder(options);
  writeJson(paths.restoring, {
    backup: entry.id,
    target: describeTarget(target),
    startedAt: new Date(begun),
    // What one that is killed leaves elsewhere.
    tablespaces: planned.map((one) => one.folder),
  });
  const folder = reachableDataFolder(paths.postgres, runAs);
  const location: ClusterLocation = { folder, binaries: reachableBinaries(binaries, runAs), runAs };
  const data = dataDirectory(location);
  const walFolder = join(folder, 'log-of-the-archive');
  // The folder of the cluster may have been made elsewhere, for whoever runs the server.
  const places = isBeside ? planTablespaces(entry, { wish, cluster: folder, runAs }) : planned;
  const tablespaces = new Tablespaces(places, chain, { data, cluster: folder, owner: runAs });
  let server: RecoveredServer | undefined;
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    await chmod(data, 0o700);
    if (runAs) await chown(data, runAs.uid, runAs.gid);
    tablespaces.prepare();
    for (const layer of chain) {
      const unpacking = {
        vault,
        entry: layer,
        owner: runAs,
        ...(signal === undefined ? {} : { signal }),
        onProgress: (bytes: number, expected: number) => onProgress('unpack', bytes, expected),
      };
      if (layer.kind === 'base') await unpackBase(unpacking, data);
      else await layOver({ ...unpacking, isLast: layer === entry }, data);
    }
    tablespaces.settle();
    const unpacked = Date.now();

    const histories = coverage.left.length === 0 ? [] : await historiesOf(vault, coverage);
    await fetchWal({
      vault,
      names: [...histories, ...files],
      folder: walFolder,
      segmentSize,
      systemIdentifier: entry.systemIdentifier,
      owner: runAs,
      ...(signal === undefined ? {} : { signal }),
      onProgress: (done, total) => onProgress('log', done, total),
    });
    const own = await keepLogInside(join(data, 'pg_wal'), segmentSize);
    const created = new Map(
      [...(await keepLogInside(walFolder, segmentSize)), ...own].map((one) => [one.oid, one]),
    );
    for (const { oid } of places) created.delete(oid);
    const fetched = Date.now();

    signal?.throwIfAborted();
    server = await recover({
      ...location,
      logFile: paths.postgresLog,
      walFolder,
      target,
      settings: settingsOf(target, logFilesOf(entry, data, walFolder, files, segmentSize)),
      timeline: coverage.timeline,
      isDurable: options.durable ?? true,
      mayHoldTablespaces: created.size > 0 || tablespaces.hasInside(),
      onProgress: (done) => onProgress('recover', done, files.length),
    });
    const recovered = Date.now();
    signal?.throwIfAborted();

    const roles = await lockOut(server);
    await runHooks(server, options.afterRecovery, (text) => void warnings.push(text));
    const missing = await bringSecrets(options, entry);
    if (missing !== undefined) warnings.push(missing);
    const secrets = loadSecrets(into, [superuser, ...loginRoles]);
    await letIn(server, roles, (role) => secrets.passwordOf(role));
    const timeline = await timelineOf(server);
    await server.stop();
    const later = tablespaces.moveOut([...created.values()]);
    for (const { oid, location, folder: place } of later) {
      warnings.push(
        `The tablespace ${oid} of ${location} was made after the backup. It was restored into ${place}; ${location} was not touched.`,
      );
    }
    keepPointer({ dataDir: into, postgresPort: options.postgresPort }, folder, options.postgresPort);
    rmSync(walFolder, { recursive: true, force: true });
    rmSync(paths.restoring);
    const finished = Date.now();

    const last = server.lastTransactionAt;
    const until = target.kind === 'time' ? instantOf(target.time) : begun;
    const isMeasured = last !== undefined && (target.kind === 'time' || target.kind === 'latest');
    return {
      backup: entry.id,
      target: describeTarget(target),
      folder: into,
      cluster: data,
      tablespaces: [...tablespaces.kept(), ...later],
      timeline,
      walFiles: files.filter((name) => hexName.test(name)).length,
      logFaults,
      lastTransactionAt: last ?? null,
      rpoMs: isMeasured ? Math.max(0, until - instantOfLog(last)) : null,
      rto: {
        unpackMs: unpacked - begun,
        logMs: fetched - unpacked,
        recoverMs: recovered - fetched,
        finishMs: finished - recovered,
        totalMs: finished - begun,
      },
      hooks: options.afterRecovery.map(({ name }) => name),
      warnings,
    };
  } catch (error) {
    await server?.stop().catch(() => {});
    // Half a database, or one that erased people are in: only the mark and the log stay.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    tablespaces.remove();
    throw signal?.aborted ? interrupted() : error;
  }
}

/** `2026-11-21 14:05:00.123456+00`, as a server writes it that logs in UTC. */
export function instantOfLog(text: string): number {
  return Date.parse(`${text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')}`);
}

async function historiesOf(vault: Vault, coverage: ReadCoverage): Promise<readonly string[]> {
  const names: string[] = [];
  for (const line of [...coverage.left.map(({ timeline }) => timeline), coverage.timeline]) {
    const name = `${timelineName(line)}.history`;
    if ((await findWal(vault, name)) !== undefined) names.push(name);
  }
  return names;
}

async function timelineOf(server: RecoveredServer): Promise<number> {
  const client = await connect(server.urlOf('postgres'), 'restore');
  try {
    const { rows } = await client.query<{ name: string }>(
      'select pg_walfile_name(pg_current_wal_insert_lsn()) as name',
    );
    return Number.parseInt(rows[0]?.name.slice(0, 8) ?? '', 16);
  } finally {
    await client.end();
  }
}
