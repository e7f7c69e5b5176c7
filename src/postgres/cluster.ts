import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, StoaError } from '../errors.ts';
import type { PostgresBinaries } from './binaries.ts';
import type { RunAs } from './run-as.ts';

/** How PostgreSQL is asked to stop (manual, section 18.5). */
export const stopSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
export type StopMode = keyof typeof stopSignals;

/** A fast shutdown writes a checkpoint of at most the shared buffers (128 MB) first. */
const stopPatienceMs = 30_000;

export const superuser = 'postgres';

/** Where one cluster lives and what runs it. */
export interface ClusterLocation {
  /** Owned by the user that runs the server; the data directory is `data` in it. */
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  /** Undefined: the user that runs Stoa. */
  readonly runAs: RunAs | undefined;
}

export interface StartOptions extends ClusterLocation {
  readonly port: number;
  /** Receives what the server writes to its standard error. */
  readonly logFile: string;
  /** Written to `stoa.conf`, where ALTER SYSTEM still has the last word. */
  readonly settings: Readonly<Record<string, string>>;
  /** Given on the command line, where they have the last word, and only for this run of the server. */
  readonly overrides?: Readonly<Record<string, string>>;
}

export interface RunningCluster {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the server has ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(mode: StopMode): Promise<void>;
}

export function dataDirectory(location: { readonly folder: string }): string {
  return join(location.folder, 'data');
}

/** A server must not take its settings from the shell that happened to start it. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function identity(runAs: RunAs | undefined): { uid?: number; gid?: number } {
  return runAs ? { uid: runAs.uid, gid: runAs.gid } : {};
}

/** PostgreSQL's own message, without its timestamp and its help. */
function lastComplaint(output: string): string {
  const complaints = output.split('\n').filter((line) => /(FATAL|PANIC|error):/i.test(line));
  return (complaints.at(-1) ?? output.trim().split('\n').at(-1) ?? '').replace(
    /^.*?(FATAL|PANIC|error):\s*/i,
    '',
  );
}

function explainFailure(action: string, output: string): StoaError {
  const reason = lastComplaint(output);
  const options = { exitCode: exitCodes.database };
  if (/No space left on device|Disk quota exceeded|Check free disk space/i.test(output)) {
    return new StoaError('cluster.disk_full', `${action} failed: the disk of the data folder is full.`, {
      ...options,
      cure: 'Free some space, or set STOA_DATA_DIR to a folder on another disk.',
    });
  }
  if (/Read-only file system|Permission denied/i.test(output)) {
    return new StoaError('cluster.not_writable', `${action} failed: ${reason}.`, {
      ...options,
      cure: 'Make the data folder writable, or set STOA_DATA_DIR to one that is.',
    });
  }
  if (/Address already in use/i.test(output)) {
    return new StoaError('cluster.port_taken', `${action} failed: another program took its port meanwhile.`, {
      cure: 'Start again; another port is chosen by itself.',
      exitCode: exitCodes.busy,
    });
  }
  return new StoaError('cluster.start_failed', `${action} failed: ${reason}`, options);
}

/** The major version of a data directory that exists, undefined where there is none. */
export function majorOf(folder: string): number | undefined {
  const versionFile = join(folder, 'data', 'PG_VERSION');
  return existsSync(versionFile) ? Number.parseInt(readFileSync(versionFile, 'utf8'), 10) : undefined;
}

/** Left as it is: it may hold a community. */
function incompleteCluster(data: string, missing: string): StoaError {
  return new StoaError(
    'cluster.incomplete',
    `The database cluster in ${data} is incomplete: ${missing} is missing.`,
    {
      cure: 'Restore the folder from a copy, or move it away to begin with an empty database.',
      exitCode: exitCodes.database,
    },
  );
}

/**
 * Creates the data directory: page checksums, UTF-8, and where the server has it (17 on) the built-in locale,
 * whose sort order does not change with the operating system. Appears whole or not at all.
 */
export function initialiseCluster(
  location: ClusterLocation,
  options: { password?: string; durable?: boolean } = {},
): void {
  const { folder, binaries, runAs } = location;
  const data = dataDirectory(location);
  if (existsSync(data) && readdirSync(data).length > 0) throw incompleteCluster(data, 'PG_VERSION');
  const unfinished = join(folder, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = join(folder, 'initial-password');
  const args = [`--pgdata=${unfinished}`, `--username=${superuser}`, '--encoding=UTF8', '--data-checksums'];
  if (binaries.major >= 17) args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  else args.push(process.platform === 'darwin' ? '--locale=en_US.UTF-8' : '--locale=C.UTF-8');
  if (options.durable === false) args.push('--no-sync');
  if (options.password === undefined) {
    args.push('--auth=trust');
  } else {
    args.push('--auth=scram-sha-256', `--pwfile=${passwordFile}`);
    writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    if (runAs) chownSync(passwordFile, runAs.uid, runAs.gid);
  }
  try {
    const result = spawnSync(binaries.initdb, args, {
      ...identity(runAs),
      cwd: folder,
      env: serverEnvironment(),
      encoding: 'utf8',
    });
    if (result.status !== 0) {
      throw explainFailure('Creating the database cluster', result.error?.message ?? result.stderr);
    }
    renameSync(unfinished, data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** `postmaster.pid`: the process on line 1, the port on line 4, `ready` on line 8 once it takes connections. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

export function readPostmasterFile(folder: string): PostmasterFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  const lines = text.split('\n').map((line) => line.trim());
  return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7] === 'ready' };
}

function writeSettings(options: StartOptions): void {
  const data = dataDirectory(options);
  const main = join(data, 'postgresql.conf');
  if (!existsSync(main)) throw incompleteCluster(data, 'postgresql.conf');
  const lines = Object.entries(options.settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  );
  const file = join(data, 'stoa.conf');
  writeFileSync(file, `# Written at each start. Your own settings: ALTER SYSTEM.\n${lines.join('\n')}\n`);
  if (options.runAs) chownSync(file, options.runAs.uid, options.runAs.gid);
  const text = readFileSync(main, 'utf8');
  if (!text.includes("include_if_exists 'stoa.conf'")) {
    writeFileSync(main, `${text}\ninclude_if_exists 'stoa.conf'\n`);
  }
}

/** Starts the server on 127.0.0.1 and returns when it takes connections. */
export async function startCluster(options: StartOptions): Promise<RunningCluster> {
  const { folder, binaries, runAs, port } = options;
  const data = dataDirectory(options);
  writeSettings(options);
  const log = openSync(options.logFile, 'a', 0o600);
  const logStart = readFileSync(options.logFile).length;
  let child: ChildProcess;
  try {
    child = spawn(
      binaries.postgres,
      [
        ...[
          '-D',
          data,
          '-p',
          String(port),
          '-c',
          'listen_addresses=127.0.0.1',
          '-c',
          'unix_socket_directories=',
        ],
        ...Object.entries(options.overrides ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      {
        ...identity(runAs),
        cwd: folder,
        env: serverEnvironment(),
        stdio: ['ignore', log, log],
        // A process group of its own: Ctrl-C in the terminal reaches Stoa, which stops the server last.
        detached: true,
      },
    );
  } finally {
    closeSync(log);
  }
  let hasEnded = false;
  let spawnError: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      hasEnded = true;
      resolve();
    });
    child.once('error', (error) => {
      hasEnded = true;
      spawnError = error;
      resolve();
    });
  });

  // Recovery after a crash can take long and is the server's to time; it either becomes ready or ends.
  for (;;) {
    if (hasEnded) {
      const output = readFileSync(options.logFile).subarray(logStart).toString('utf8');
      throw explainFailure('Starting PostgreSQL', spawnError?.message ?? output);
    }
    const state = readPostmasterFile(folder);
    if (state?.isReady && state.pid === child.pid) break;
    await sleep(15);
  }
  const pid = child.pid ?? 0;
  return {
    pid,
    port,
    ended,
    async stop(mode) {
      // A server that is asked to stop while it restarts after a crash may forget it (seen with 18.4 on a full disk).
      // What it is asked for then is safe: the next start recovers from the write-ahead log.
      const escalation = [stopSignals[mode], stopSignals.immediate, 'SIGKILL'] as const;
      for (const signal of escalation) {
        if (hasEnded) return;
        child.kill(signal);
        await Promise.race([ended, sleep(stopPatienceMs, undefined, { ref: false })]);
      }
      await ended;
    },
  };
}
