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
  jit: 'off',
  timezone: 'UTC',
};

/**
 * An empty server of its own for the length of `work`, which gets its URL as superuser. Listens on this machine only
 * and is removed afterwards, whatever happened.
 */
export async function withScratchServer<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  const runAs = findRunAs();
  const binaries = reachableBinaries(findBinaries(), runAs);
  const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), 'stoa-scratch-')), runAs);
  const location = { folder, binaries, runAs };
  try {
    initialiseCluster(location, { durable: false });
    const port = await findFreePort();
    const cluster = await startCluster({ ...location, port, logFile: join(folder, 'server.log'), settings });
    try {
      return await work(`postgres://${superuser}@127.0.0.1:${port}/postgres`);
    } finally {
      await cluster.stop('immediate');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
