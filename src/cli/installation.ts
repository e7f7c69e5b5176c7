import type { Client } from 'pg';
import type { ApiConfig, RunningApi } from '../api/server.ts';
import type { Config } from '../config.ts';
import { demoUsername } from '../demo/index.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { coverPartitions } from '../jobs/partitions.ts';
import type { Logger } from '../log.ts';
import { migrateUp } from '../migrate/index.ts';
import { readLedger } from '../migrate/ledger.ts';
import { loadMigrations } from '../migrate/load.ts';
import { pendingMigrations } from '../migrate/order.ts';
import { projectRoot } from '../migrate/root.ts';
import { resolveModules } from '../modules.ts';
import { programVersion } from '../postgres/client-version.ts';
import { connect, createPool } from '../postgres/connect.ts';
import type { ReadyConfig } from '../postgres/database.ts';
import { connectOwner } from '../postgres/owner.ts';
import { openTracker } from '../tracker/endpoint.ts';

/** The version of this Stoa. */
export const version: string = programVersion;

/** As the owner of the tables, where there is one yet. */
export function connectAsOwner(config: ReadyConfig, name: string): Promise<Client> {
  return connectOwner(config.adminUrl, name);
}

export interface MigrationCounts {
  readonly applied: number;
  readonly pending: readonly string[];
}

/** How far a database is migrated, for the modules that are chosen. */
export async function countMigrations(config: ReadyConfig): Promise<MigrationCounts> {
  const client = await connectAsOwner(config, 'status');
  try {
    const { rows } = await client.query<{ has_ledger: boolean }>(
      "select to_regclass('ops.schema_migrations') is not null as has_ledger",
    );
    const applied = rows[0]?.has_ledger ? await readLedger(client) : [];
    const known = await loadMigrations(projectRoot, resolveModules(config.modules));
    return { applied: applied.length, pending: pendingMigrations(known, applied).map(({ name }) => name) };
  } finally {
    await client.end();
  }
}

/** For what runs on a database without migrating it. */
export async function requireMigrated(config: ReadyConfig): Promise<void> {
  const { pending } = await countMigrations(config);
  if (pending.length === 0) return;
  throw new StoaError(
    'database.not_migrated',
    `${pending.length} ${pending.length === 1 ? 'migration is' : 'migrations are'} pending, the first is ${pending[0]}.`,
    { cure: 'Run "stoa migrate up" first.', exitCode: exitCodes.checkFailed },
  );
}

/** For a command that needs the tables: an embedded database is migrated on the way, another only by its DBA. */
export async function ensureMigrated(config: ReadyConfig, settings: Config): Promise<void> {
  if (settings.databaseUrl !== undefined) return requireMigrated(config);
  await migrateUp({ databaseUrl: config.databaseUrl, modules: config.modules });
}

/**
 * For what takes writes where perhaps no worker runs yet: what a server lacks that was down for months. A login that may
 * not is no reason not to serve; /readyz tells whether rows can be written.
 */
export async function coverPartitionsOf(config: ReadyConfig, log: Logger): Promise<void> {
  const pool = createPool(config.workerUrl, { applicationName: 'partitions', max: 1 });
  try {
    await coverPartitions(pool, log);
  } catch (error) {
    log.error({ error: error instanceof Error ? error.message : String(error) }, 'no partitions were made');
  } finally {
    await pool.end();
  }
}

/** PostGraphile takes a second to load, so only a command that serves loads it. */
export async function startApiOf(
  config: ApiConfig & { readonly trackerUrl: string },
  logger: Logger,
): Promise<RunningApi> {
  // Grafast decides when it is loaded whether it checks and explains as in development.
  process.env['GRAPHILE_ENV'] ??= config.environment === 'production' ? 'production' : 'development';
  const { startApi } = await import('../api/server.ts');
  const hasTracker = resolveModules(config.modules).some(({ name }) => name === 'tracker');
  return startApi(config, { logger, endpoints: hasTracker ? [openTracker({ config, log: logger })] : [] });
}

/** Whether nobody has an account yet. */
export async function isEmpty(config: ReadyConfig): Promise<boolean> {
  const client = await connectAsOwner(config, 'up');
  try {
    const { rows } = await client.query<{ is_empty: boolean }>(
      'select not exists (select from core.users where not is_system) as is_empty',
    );
    return rows[0]?.is_empty ?? false;
  } finally {
    await client.end();
  }
}

export function refuseTakenPort(config: Config): StoaError {
  return new StoaError(
    'api.port_taken',
    `Port ${config.port} on ${config.host} is taken by another program.`,
    {
      cure: `Stop it, or choose another port: stoa up --port ${config.port + 1} (or STOA_PORT).`,
      exitCode: exitCodes.busy,
    },
  );
}

/** Whether the account of the demo data is there. */
export async function hasDemoAccount(config: ReadyConfig): Promise<boolean> {
  const client = await connect(config.adminUrl, 'up');
  try {
    const { rowCount } = await client.query('select from core.users where username::text = $1', [
      demoUsername,
    ]);
    return rowCount === 1;
  } finally {
    await client.end();
  }
}
