import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPostmasterFile } from '../../src/postgres/cluster.ts';
import { readPointer } from '../../src/postgres/embedded.ts';
import { findFreePort } from '../../src/postgres/port.ts';
import { isAlive } from '../../src/postgres/process-identity.ts';
import { afterFile } from './after-file.ts';

const program = fileURLToPath(new URL('../../bin/stoa', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningStoa {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  /** Waits until it has written something to either stream; fails with all that it wrote when it ends before. */
  says(pattern: RegExp): Promise<string>;
  /** Everything so far, of both streams. */
  written(): string;
  kill(signal: NodeJS.Signals): void;
}

/** An empty folder in which the command line is run, as a newcomer would. Removed after the file's tests. */
export interface Project {
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): RunningStoa;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
}

/** Nothing of the settings of whoever runs the tests. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(STOA_|PG|VITEST|NODE_ENV$|NODE_OPTIONS$|PORT$|DATABASE_URL$|GRAPHILE)/.test(name),
    ),
  );
}

function supervise(child: ChildProcess): RunningStoa {
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const hear = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    hear();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    hear();
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    says(pattern) {
      return new Promise((resolve, reject) => {
        const listener = (): void => {
          const found = pattern.exec(stdout + stderr);
          if (found) {
            listeners.delete(listener);
            resolve(found[1] ?? found[0]);
          }
        };
        listeners.add(listener);
        listener();
        void ended.then(({ code }) =>
          reject(new Error(`ended with ${code} before it said ${pattern}:\n${stdout}${stderr}`)),
        );
      });
    },
    written: () => stdout + stderr,
    kill: (signal) => child.kill(signal),
  };
}

export async function temporaryProject(options: { readonly isClosed?: boolean } = {}): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-project-'));
  // Closed, as it is made, root's cluster lies elsewhere: where its user can get, and on a disk.
  if (!options.isClosed) chmodSync(folder, 0o755);
  const dataDir = join(folder, '.stoa');
  const port = await findFreePort();
  // Not the default one: other tests start servers at the same time.
  const postgresPort = await findFreePort();
  const children = new Set<RunningStoa>();
  const start: Project['start'] = (args, env = {}) => {
    const child = supervise(
      spawn(process.execPath, [program, ...args], {
        cwd: folder,
        env: {
          ...cleanEnvironment(),
          STOA_PORT: String(port),
          STOA_POSTGRES_PORT: String(postgresPort),
          STOA_DEMO: 'false',
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    children.add(child);
    return child;
  };
  const project: Project = { folder, dataDir, port, start, run: (args, env) => start(args, env).ended };
  afterFile(async () => {
    for (const child of children) {
      if (isAlive(child.pid)) child.kill('SIGKILL');
    }
    const cluster = readPointer(dataDir)?.folder;
    const server = cluster && readPostmasterFile(cluster);
    if (server && isAlive(server.pid)) await project.run(['down']);
    if (cluster) rmSync(cluster, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  return project;
}
