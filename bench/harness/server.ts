import type { Client } from 'pg';
import { duration } from '../../src/cli/output.ts';
import { loadScale } from '../../src/demo/load/index.ts';
import { importForums } from '../../src/import/forums.ts';
import { migrateUp } from '../../src/migrate/index.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { prepareDatabase } from '../../src/postgres/prepare.ts';
import { type LoginRole, loginRoles, loginUrl } from '../../src/postgres/roles.ts';
import { startScratchServer } from '../../src/postgres/scratch.ts';

const password = 'bench';

/**
 * As on a small server that keeps what it was told: commits reach the disk. Without that, a bench of writes measures
 * a database that nobody would run. Checkpoints and vacuum are made before what is measured, and not by the clock:
 * in one of seven rounds they would be a part of it.
 */
export const durableSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  shared_buffers: '512MB',
  effective_cache_size: '2GB',
  work_mem: '16MB',
  max_wal_size: '4GB',
  random_page_cost: '1.1',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
};

export interface BenchServer {
  /** As superuser, database `postgres`. */
  readonly adminUrl: string;
  readonly version: string;
  /** A migrated database with the made-up community, the same for all benches of a run; made when first asked for. */
  community(): Promise<CommunityDatabase>;
  /** Another sample of its rows for the planner; nothing until it was asked for. */
  resample(): Promise<void>;
  /** Milliseconds that making it took; 0 until then. */
  readonly communityMs: number;
  /** A new, prepared database without anything in it. */
  emptyDatabase(name: string): Promise<CommunityDatabase>;
  stop(): Promise<void>;
}

export interface CommunityDatabase {
  /** As superuser. */
  readonly url: string;
  urlFor(role: LoginRole): string;
}

export interface BenchServerOptions {
  readonly scale: number;
  /** Files of posts that go into the community as well. */
  readonly posts: readonly string[];
  readonly tell: (line: string) => void;
}

export async function startBenchServer({ scale, posts, tell }: BenchServerOptions): Promise<BenchServer> {
  const server = await startScratchServer({ prefix: 'stoa-bench-', isOpen: true, settings: durableSettings });
  const emptyDatabase = async (name: string): Promise<CommunityDatabase> => {
    await prepareDatabase(server.url, name, Object.fromEntries(loginRoles.map((role) => [role, password])));
    const url = withDatabase(server.url, name);
    return { url, urlFor: (role) => loginUrl(url, role, password) };
  };
  let communityMs = 0;
  const makeCommunity = async (): Promise<CommunityDatabase> => {
    const begun = performance.now();
    const database = await emptyDatabase('community');
    tell(`Migrating, and loading the community at scale ${scale}`);
    await migrateUp({ databaseUrl: database.url });
    await loadScale({ databaseUrl: database.url, scale });
    if (posts.length > 0) {
      tell(`Importing ${posts.length} files of posts`);
      await importForums({ databaseUrl: database.url, files: posts, format: 'reddit-csv' });
    }
    await withClient(database.url, async (client) => {
      await client.query('vacuum (analyze)');
      await client.query('checkpoint');
    });
    communityMs = performance.now() - begun;
    tell(`Made in ${duration(communityMs)}`);
    return database;
  };
  let community: Promise<CommunityDatabase> | undefined;
  try {
    const version = await withClient(server.url, async (client) => {
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      return rows[0]?.server_version ?? '';
    });
    return {
      adminUrl: server.url,
      version,
      emptyDatabase,
      get communityMs() {
        return communityMs;
      },
      community() {
        community ??= makeCommunity();
        return community;
      },
      async resample() {
        if (community === undefined || communityMs === 0) return;
        await withClient((await community).url, (client) => client.query('analyze'));
      },
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export async function withClient<Result>(
  url: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(url, 'bench');
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
