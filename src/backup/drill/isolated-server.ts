import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, StoaError } from '../../errors.ts';
import type { PostgresBinaries } from '../../postgres/binaries.ts';
import { readPostmasterFile, superuser } from '../../postgres/cluster.ts';

export interface IsolatedServer {
  /** As superuser, through a socket that nobody else can reach. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

/** A copy must not act in the name of what it is a copy of: it hears nobody, archives nowhere, follows nobody. */
const isolation: Readonly<Record<string, string>> = {
  listen_addresses: '',
  archive_mode: 'off',
  archive_command: '',
  archive_library: '',
  primary_conninfo: '',
  primary_slot_name: '',
  restore_command: '',
  synchronous_standby_names: '',
  // A subscription would connect to its publisher, and take away from it what the original is to get.
  max_logical_replication_workers: '0',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  ssl: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  external_pid_file: '',
  autovacuum: 'off',
  fsync: 'off',
  jit: 'off',
};

/**
 * Starts the server of a data directory that was recovered, on a socket in a folder of its own and nowhere else. It
 * runs as whoever owns the directory.
 */
export async function startIsolated(
  dataDirectory: string,
  binaries: PostgresBinaries,
): Promise<IsolatedServer> {
  const { uid, gid } = statSync(dataDirectory);
  const isOther = process.getuid?.() === 0 && uid !== 0;
  // Paths of sockets may have about a hundred characters, so it does not lie in the data directory.
  const socketFolder = mkdtempSync(join(tmpdir(), 'stoa-drill-'));
  const hbaFile = join(socketFolder, 'pg_hba.conf');
  writeFileSync(hbaFile, 'local all all trust\nlocal replication all trust\n', { mode: 0o600 });
  if (isOther) for (const path of [socketFolder, hbaFile]) chownSync(path, uid, gid);
  const settings = { ...isolation, hba_file: hbaFile, unix_socket_directories: socketFolder };
  const logFile = join(socketFolder, 'server.log');
  const log = openSync(logFile, 'a', 0o600);
  const port = 5432;
  const child = spawn(
    binaries.postgres,
    [
      ...['-D', dataDirectory, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      ...(isOther ? { uid, gid } : {}),
      cwd: dataDirectory,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      detached: true,
    },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  for (;;) {
    const state = readPostmasterFile(dirname(dataDirectory));
    if (state?.isReady && state.pid === child.pid) break;
    if (hasEnded) {
      const words = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
      rmSync(socketFolder, { recursive: true, force: true });
      throw new StoaError('drill.not_started', `The restored server does not start: ${words}`, {
        cure: 'Use another backup, and look at what the last drills said.',
        exitCode: exitCodes.checkFailed,
      });
    }
    await sleep(15);
  }
  return {
    urlOf: (database) =>
      `postgres://${superuser}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(socketFolder)}&port=${port}`,
    async stop() {
      child.kill('SIGQUIT');
      await ended;
      rmSync(socketFolder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
