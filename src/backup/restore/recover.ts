import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import {
  type ClusterLocation,
  dataDirectory,
  type RunningCluster,
  startCluster,
  superuser,
} from '../../postgres/cluster.ts';
import { findFreePort } from '../../postgres/port.ts';
import { describeTarget, type RecoveryTarget } from './target.ts';

export interface RecoverOptions extends ClusterLocation {
  readonly logFile: string;
  /** Where the files of the log were brought to. */
  readonly walFolder: string;
  readonly target: RecoveryTarget;
  /** What the target means in terms of the server. */
  readonly settings: Readonly<Record<string, string>>;
  readonly timeline: number;
  readonly isDurable: boolean;
  /** There are tablespaces in the data directory, or the log makes some: the server takes that for a fault unless told. */
  readonly mayHoldTablespaces: boolean;
  readonly onProgress?: (restoredFiles: number) => void;
}

export interface RecoveredServer {
  readonly cluster: RunningCluster;
  /** As superuser, through a socket that nobody else can reach. */
  urlOf(database: string): string;
  /** When the last transaction that was replayed had committed. */
  readonly lastTransactionAt: string | undefined;
  stop(): Promise<void>;
}

/** Nothing of the source's own wishes: no archive, no standby, no subscription, no library that may not be here. */
const isolation = {
  listen_addresses: '',
  hot_standby: 'off',
  archive_mode: 'off',
  archive_command: '',
  archive_library: '',
  archive_cleanup_command: '',
  recovery_end_command: '',
  primary_conninfo: '',
  primary_slot_name: '',
  synchronous_standby_names: '',
  max_logical_replication_workers: '0',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  local_preload_libraries: '',
  ssl: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  external_pid_file: '',
  recovery_target_inclusive: 'on',
  recovery_target_action: 'promote',
} as const;

/** The source's own, emptied: the server refuses two. In this order, because emptying one after another is set counts. */
const noTarget = {
  recovery_target: '',
  recovery_target_lsn: '',
  recovery_target_name: '',
  recovery_target_time: '',
  recovery_target_xid: '',
} as const;

function withoutOther(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const others = Object.entries(noTarget).filter(([name]) => !(name in settings));
  return { ...Object.fromEntries(others), ...settings };
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Looks for the file, then for the beginning of it; `%f` and `%p` are filled in by the server. */
function restoreCommand(folder: string): string {
  const path = shellQuoted(folder).replaceAll('%', '%%');
  return `cp ${path}/%f "%p" 2>/dev/null || cp ${path}/%f.partial "%p" 2>/dev/null`;
}

/** A server of a distribution keeps its settings outside of its data folder. */
function ensureSettings(location: ClusterLocation): void {
  const files = {
    'postgresql.conf': '# The settings of the source were not in its data folder.\n',
    'pg_hba.conf':
      'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n',
    'pg_ident.conf': '',
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(dataDirectory(location), name);
    if (existsSync(path)) continue;
    writeFileSync(path, text, { mode: 0o600 });
    if (location.runAs) chownSync(path, location.runAs.uid, location.runAs.gid);
  }
}

function explain(error: unknown, options: RecoverOptions, log: string): unknown {
  if (!(error instanceof StoaError && error.code === 'cluster.start_failed')) return error;
  const reached = /last completed transaction was at log time (.+)/.exec(log)?.[1];
  const until = reached === undefined ? '' : ` The last transaction on the way is of ${reached.trim()}.`;
  if (/recovery ended before configured recovery target was reached/.test(log)) {
    return new StoaError(
      'restore.target_unreachable',
      `${describeTarget(options.target)} cannot be reached: the log ends before.${until}`,
      {
        cure: 'Choose an earlier moment or --latest; for a restore point, also see that --backup is one from before it.',
        exitCode: exitCodes.checkFailed,
        cause: error,
      },
    );
  }
  if (/before consistent recovery point|WAL ends before|could not locate required checkpoint/.test(log)) {
    return new StoaError(
      'restore.target_unreachable',
      `${describeTarget(options.target)} lies before the end of the backup, or its log is incomplete.${until}`,
      {
        cure: 'Choose a backup from before that moment with --backup, or a later moment.',
        exitCode: exitCodes.checkFailed,
        cause: error,
      },
    );
  }
  return new StoaError('restore.recovery_failed', `The server could not recover: ${error.message}`, {
    cure: `Its own words are in ${options.logFile}.`,
    exitCode: exitCodes.database,
    cause: error,
  });
}

/** Recovers to the target and leaves the server running where only its owner gets in. Refuses restore.target_unreachable. */
export async function recover(options: RecoverOptions): Promise<RecoveredServer> {
  const { runAs, logFile } = options;
  const data = dataDirectory(options);
  ensureSettings(options);
  // Paths of sockets may have about a hundred characters, so it does not lie in the folder that is restored.
  const socketFolder = mkdtempSync(join(tmpdir(), 'stoa-restore-'));
  const hbaFile = join(socketFolder, 'pg_hba.conf');
  writeFileSync(hbaFile, 'local all all trust\n', { mode: 0o600 });
  const signalFile = join(data, 'recovery.signal');
  writeFileSync(signalFile, '', { mode: 0o600 });
  if (runAs) for (const path of [socketFolder, hbaFile, signalFile]) chownSync(path, runAs.uid, runAs.gid);
  const removeSocket = (): void => rmSync(socketFolder, { recursive: true, force: true });
  const port = await findFreePort();
  const readLog = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const logStart = readLog().length;
  const watch = setInterval(() => {
    const restored =
      readLog()
        .slice(logStart)
        .match(/restored log file/g)?.length ?? 0;
    options.onProgress?.(restored);
  }, 1_000);
  try {
    const cluster = await startCluster({
      ...options,
      port,
      settings: { timezone: 'UTC', log_timezone: 'UTC' },
      overrides: {
        ...isolation,
        ...(options.isDurable ? {} : { fsync: 'off', full_page_writes: 'off' }),
        ...(options.mayHoldTablespaces ? { allow_in_place_tablespaces: 'on' } : {}),
        hba_file: hbaFile,
        unix_socket_directories: socketFolder,
        restore_command: restoreCommand(options.walFolder),
        recovery_target_timeline: String(options.timeline),
        ...withoutOther(options.settings),
      },
    });
    return {
      cluster,
      urlOf: (database) =>
        `postgres://${superuser}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(socketFolder)}&port=${port}`,
      lastTransactionAt: /last completed transaction was at log time (.+)/
        .exec(readLog().slice(logStart))?.[1]
        ?.trim(),
      async stop() {
        await cluster.stop('fast');
        removeSocket();
      },
    };
  } catch (error) {
    removeSocket();
    throw explain(error, options, readLog().slice(logStart));
  } finally {
    clearInterval(watch);
  }
}
