import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { dataFolder, ensureDataFolder, inDataFolder, readShaped, writeJson } from '../data-folder.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { loadSecrets, type Secrets } from '../secrets.ts';
import { findBinaries, type PostgresBinaries } from './binaries.ts';
import {
  type ClusterLocation,
  dataDirectory,
  initialiseCluster,
  majorOf,
  type RunningCluster,
  readPostmasterFile,
  startCluster,
  stopSignals,
  superuser,
} from './cluster.ts';
import { findFreePort } from './port.ts';
import { isAlive } from './process-identity.ts';
import { loginRoles } from './roles.ts';
import { findRunAs, type RunAs } from './run-as.ts';
import { reachableBinaries, reachableDataFolder } from './staging.ts';

/** The database of an embedded cluster. */
export const embeddedDatabase = 'stoa';

/** For a community on one machine; ALTER SYSTEM overrides each. */
const settings = {
  cluster_name: 'stoa',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %a %u@%d ',
  log_lock_waits: 'on',
  // Requests are short: compiling a plan costs more than it saves.
  jit: 'off',
  // Disk is given for fewer checkpoints while much is written: each makes the next change of a page cost the whole page.
  // Loading a million messages ("stoa seed load") writes a quarter less of log than with the 1 GB that is the default.
  max_wal_size: '4GB',
  // A receiver of the log that is away must not fill the disk: it then misses something, says so and asks for a backup.
  max_slot_wal_keep_size: '8GB',
};

const pointerShape = z.object({
  /** Where the cluster is; elsewhere than in the data folder when root's folder is closed to the database's user. */
  folder: z.string(),
  port: z.number(),
  /** The setting at the time: a changed one is tried again. */
  preferredPort: z.number(),
});
type Pointer = z.infer<typeof pointerShape>;

export function readPointer(dataDir: string): Pointer | undefined {
  // A damaged one is no missing one: a cluster that lies elsewhere would be taken for lost, and a new one made.
  return readShaped(dataFolder(dataDir).cluster, pointerShape);
}

/** A cluster that exists goes on under the user that owns its files, because PostgreSQL insists on that. */
function userFor(folder: string): RunAs | undefined {
  if (process.getuid?.() !== 0 || majorOf(folder) === undefined) return findRunAs();
  const { uid, gid } = statSync(dataDirectory({ folder }));
  return uid === 0 ? findRunAs() : { name: `user ${uid}`, uid, gid };
}

function refuseOtherMajor(folder: string, binaries: PostgresBinaries): void {
  const major = majorOf(folder);
  if (major === undefined || major === binaries.major) return;
  throw new StoaError(
    'cluster.other_major',
    `The data folder ${folder} was written by PostgreSQL ${major}; this Stoa brings ${binaries.major}.`,
    {
      cure: 'Dump it with the Stoa that wrote it and load the dump into a new data folder (STOA_DATA_DIR), or run that version.',
      exitCode: exitCodes.database,
    },
  );
}

/** What lies in such a folder may be half a database, and erased people may be in it again. */
function refuseUnfinishedRestore(path: string): void {
  if (!existsSync(path)) return;
  throw new StoaError(
    'cluster.restore_unfinished',
    `A restore into this folder was not finished (${path}).`,
    {
      cure: 'Run "stoa restore" again into an empty folder, and remove this one.',
      exitCode: exitCodes.refused,
    },
  );
}

function locate(config: Config): ClusterLocation {
  ensureDataFolder(config.dataDir);
  const paths = dataFolder(config.dataDir);
  refuseUnfinishedRestore(paths.restoring);
  return inDataFolder(config.dataDir, () => {
    const kept = readPointer(config.dataDir)?.folder;
    const known = kept !== undefined && existsSync(kept) ? kept : paths.postgres;
    const binaries = findBinaries();
    refuseOtherMajor(known, binaries);
    const runAs = userFor(known);
    const folder = known === paths.postgres ? reachableDataFolder(paths.postgres, runAs) : known;
    return { folder, binaries: reachableBinaries(binaries, runAs), runAs };
  });
}

/**
 * A server whose Stoa was killed goes on alone. It is stopped rather than adopted, so that there is one way in which
 * a server runs: as the child of the process that holds the folder. False when there was none.
 */
async function stopOrphan(
  cluster: { readonly folder: string },
  onFound: (pid: number) => void,
): Promise<boolean> {
  const orphan = readPostmasterFile(cluster.folder);
  if (!orphan || !isAlive(orphan.pid) || !runsIn(orphan.pid, cluster)) return false;
  onFound(orphan.pid);
  process.kill(orphan.pid, stopSignals.fast);
  const patienceMs = 30_000;
  const end = Date.now() + patienceMs;
  while (isAlive(orphan.pid)) {
    if (Date.now() > end) process.kill(orphan.pid, stopSignals.immediate);
    await sleep(20);
  }
  return true;
}

/** For a data folder that nobody holds. */
export async function stopLeftServer(config: Config): Promise<boolean> {
  const pointer = readPointer(config.dataDir);
  return pointer !== undefined && stopOrphan(pointer, () => {});
}

/** After a crash of the machine the number in postmaster.pid may belong to anybody: only a server is to be stopped. */
function runsIn(pid: number, cluster: { readonly folder: string }): boolean {
  const directory = `/proc/${pid}/cwd`;
  if (!existsSync('/proc/self/cwd')) return true;
  try {
    const there = statSync(directory);
    const data = statSync(dataDirectory(cluster));
    return there.ino === data.ino && there.dev === data.dev;
  } catch {
    return false;
  }
}

/**
 * PostgreSQL will not start while a living process has the number in its old postmaster.pid. When that process is
 * plainly something else, and none is left in the data directory, the file is only a leftover.
 */
function removeStalePidFile(location: ClusterLocation): void {
  const left = readPostmasterFile(location.folder);
  if (left && isAlive(left.pid) && !runsIn(left.pid, location)) {
    rmSync(`${dataDirectory(location)}/postmaster.pid`, { force: true });
  }
}

export function keepPointer(
  config: Pick<Config, 'dataDir' | 'postgresPort'>,
  folder: string,
  port: number,
): void {
  const pointer: Pointer = { folder, port, preferredPort: config.postgresPort };
  inDataFolder(config.dataDir, () => writeJson(dataFolder(config.dataDir).cluster, pointer));
}

async function choosePort(config: Config): Promise<number> {
  const kept = readPointer(config.dataDir);
  const first = kept?.preferredPort === config.postgresPort ? kept.port : config.postgresPort;
  const port = await findFreePort(first);
  return port === first ? port : findFreePort(config.postgresPort);
}

export interface EmbeddedServer {
  readonly cluster: RunningCluster;
  readonly secrets: Secrets;
  readonly isNew: boolean;
  readonly version: string;
}

export function embeddedUrl(port: number, role: string, secrets: Secrets): string {
  return `postgres://${role}:${secrets.passwordOf(role)}@127.0.0.1:${port}/${embeddedDatabase}`;
}

export function embeddedSecrets(dataDir: string): Secrets {
  return loadSecrets(dataDir, [superuser, ...loginRoles]);
}

/** Which statements are slow is counted where these binaries carry the library: a name that is not there stops a start. */
function measuring({ root }: PostgresBinaries): Readonly<Record<string, string>> {
  const folders = ['lib/postgresql', 'lib'];
  const isThere = folders.some((folder) =>
    ['so', 'dylib', 'dll'].some((ending) => existsSync(join(root, folder, `pg_stat_statements.${ending}`))),
  );
  return isThere ? { shared_preload_libraries: 'pg_stat_statements' } : {};
}

/** Starts the server of a data folder that the caller holds, creating the cluster the first time. */
export async function startEmbedded(
  config: Config,
  onEvent: (text: string) => void,
): Promise<EmbeddedServer> {
  const location = locate(config);
  const secrets = embeddedSecrets(config.dataDir);
  await stopOrphan(location, (pid) =>
    onEvent(`Stopping PostgreSQL (process ${pid}), which outlived the Stoa that started it.`),
  );
  removeStalePidFile(location);
  const isNew = majorOf(location.folder) === undefined;
  if (isNew) keepPointer(config, location.folder, config.postgresPort);
  if (isNew) initialiseCluster(location, { password: secrets.passwordOf(superuser) });
  const port = await choosePort(config);
  keepPointer(config, location.folder, port);
  const cluster = await startCluster({
    ...location,
    port,
    logFile: dataFolder(config.dataDir).postgresLog,
    settings: { ...settings, ...measuring(location.binaries) },
  });
  return { cluster, secrets, isNew, version: location.binaries.version.split('-')[0] ?? '' };
}
