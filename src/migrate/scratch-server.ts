import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../postgres/binaries.ts';
import { initialiseCluster, startCluster, superuser } from '../postgres/cluster.ts';
import { findFreePort } from '../postgres/port.ts';
import { findRunAs } from '../postgres/run-as.ts';
import { reachableBinaries, reachableDataFolder } from '../postgres/staging.ts';

/** A PostgreSQL server in a temporary folder, gone when `work` has ended: for proofs where no server runs. */
export async function withScratchServer<Result>(
  work: (adminUrl: string) => Promise<Result>,
): Promise<Result> {
  const runAs = findRunAs();
  const binaries = reachableBinaries(findBinaries(), runAs);
  const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), 'stoa-scratch-')), runAs);
  try {
    initialiseCluster({ folder, binaries, runAs }, { durable: false });
    const port = await findFreePort();
    const cluster = await startCluster({
      folder,
      binaries,
      runAs,
      port,
      logFile: join(folder, 'server.log'),
      settings: {
        fsync: 'off',
        full_page_writes: 'off',
        synchronous_commit: 'off',
        jit: 'off',
        timezone: 'UTC',
      },
    });
    try {
      return await work(`postgres://${superuser}@127.0.0.1:${port}/postgres`);
    } finally {
      await cluster.stop('immediate');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
