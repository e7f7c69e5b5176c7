import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import { resolveModules } from '../../modules.ts';
import { redactUrl } from '../../postgres/connect.ts';
import { areLoginsSeparate, type ReadyConfig, readyConfig } from '../../postgres/database.ts';
import { type Holder, readHolder } from '../../postgres/holder.ts';
import { connectAsOwner, countMigrations, type MigrationCounts, version } from '../installation.ts';
import { print, printJson, styled } from '../output.ts';
import { settingsOf } from '../settings.ts';

/** What `stoa status --json` prints. Fields are added, never renamed. */
export interface Status {
  readonly stoa: { readonly version: string; readonly node: string };
  readonly modules: readonly string[];
  readonly process: Pick<Holder, 'pid' | 'command' | 'startedAt'> | null;
  readonly database: {
    readonly kind: 'embedded' | 'server';
    readonly state: 'running' | 'starting' | 'stopped';
    readonly version: string | null;
    /** Without its password. */
    readonly url: string | null;
    readonly sizeBytes: number | null;
    readonly areLoginsSeparate: boolean;
  };
  readonly migrations: MigrationCounts | null;
  readonly api: { readonly state: 'answers' | 'silent'; readonly url: string };
  readonly worker: {
    readonly state: 'running' | 'absent';
    /** Jobs that are due and not being worked on. */
    readonly waiting: number;
    /** Jobs that have used up their attempts. */
    readonly failed: number;
  } | null;
  readonly warnings: readonly string[];
}

async function probeApi(url: string): Promise<Status['api']> {
  const patienceMs = 2_000;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }' }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return { state: response.ok ? 'answers' : 'silent', url };
  } catch {
    return { state: 'silent', url };
  }
}

interface DatabaseFacts {
  readonly version: string;
  readonly sizeBytes: number;
  readonly worker: Status['worker'];
}

async function askDatabase(config: ReadyConfig): Promise<DatabaseFacts> {
  const client = await connectAsOwner(config, 'status');
  try {
    const { rows } = await client.query<{
      version: string;
      size: string;
      workers: number;
      has_queue: boolean;
    }>(
      `select
         current_setting('server_version') as version,
         pg_database_size(current_database()) as size,
         (select count(*)::int
          from pg_catalog.pg_stat_activity
          where datname = current_database() and application_name = 'stoa worker') as workers,
         to_regclass('graphile_worker._private_jobs') is not null as has_queue`,
    );
    const [facts] = rows;
    if (!facts) throw new Error('the server did not say what it is');
    const queue = facts.has_queue
      ? await client.query<{ waiting: number; failed: number }>(
          `select
             count(*) filter (where attempts < max_attempts and run_at <= now() and locked_at is null)::int as waiting,
             count(*) filter (where attempts >= max_attempts)::int as failed
           from graphile_worker._private_jobs`,
        )
      : undefined;
    const counts = queue?.rows[0];
    return {
      version: facts.version,
      sizeBytes: Number(facts.size),
      worker: counts ? { state: facts.workers > 0 ? 'running' : 'absent', ...counts } : null,
    };
  } finally {
    await client.end();
  }
}

function warningsOf(status: Omit<Status, 'warnings'>): string[] {
  const warnings: string[] = [];
  const pending = status.migrations?.pending.length ?? 0;
  if (pending > 0) warnings.push(`${pending} migrations are pending: run "stoa migrate up".`);
  if (!status.database.areLoginsSeparate) {
    warnings.push(
      'Its parts log in as one user and only act as their roles: set STOA_GATEWAY_URL, STOA_AUTH_URL, STOA_MEDIA_URL, STOA_WORKER_URL and, with the tracker, STOA_TRACKER_URL.',
    );
  }
  if ((status.worker?.failed ?? 0) > 0) warnings.push(`${status.worker?.failed} jobs have failed for good.`);
  if (status.database.state === 'running' && status.worker?.state === 'absent') {
    warnings.push('No worker runs: jobs wait. Start one with "stoa work".');
  }
  return warnings;
}

/** What is known of this installation without starting anything. */
async function readStatus(config: Config): Promise<Status> {
  const holder = readHolder(config.dataDir);
  const isEmbedded = config.databaseUrl === undefined;
  const ready = readyConfig(config);
  const facts = ready && (await askDatabase(ready));
  const status = {
    stoa: { version, node: process.version.slice(1) },
    modules: resolveModules(config.modules).map(({ name }) => name),
    process: holder ? { pid: holder.pid, command: holder.command, startedAt: holder.startedAt } : null,
    database: {
      kind: isEmbedded ? 'embedded' : 'server',
      state: facts ? 'running' : holder ? 'starting' : 'stopped',
      version: facts?.version ?? null,
      url: ready ? redactUrl(ready.adminUrl) : null,
      sizeBytes: facts?.sizeBytes ?? null,
      areLoginsSeparate: isEmbedded || areLoginsSeparate(config),
    },
    migrations: ready ? await countMigrations(ready) : null,
    api: await probeApi(holder?.url ?? `${config.publicUrl}/graphql`),
    worker: facts?.worker ?? null,
  } as const;
  return { ...status, warnings: warningsOf(status) };
}

function megabytes(bytes: number | null): string {
  return bytes === null ? '' : `, ${Math.round(bytes / 1_000_000)} MB`;
}

function show(status: Status): void {
  const { database, migrations, worker } = status;
  const lines: [string, string][] = [
    ['Stoa', `${status.stoa.version} on Node ${status.stoa.node}`],
    ['Modules', status.modules.join(', ')],
    [
      'Process',
      status.process
        ? `${status.process.pid}, "stoa ${status.process.command}" since ${status.process.startedAt}`
        : 'none holds this data folder',
    ],
    [
      'Database',
      database.state === 'running'
        ? `PostgreSQL ${database.version} (${database.kind}${megabytes(database.sizeBytes)})`
        : database.state,
    ],
  ];
  if (database.url !== null) lines.push(['', database.url]);
  if (migrations)
    lines.push(['Migrations', `${migrations.applied} applied, ${migrations.pending.length} pending`]);
  lines.push(['API', `${status.api.state} at ${status.api.url}`]);
  if (worker) lines.push(['Worker', `${worker.state}; ${worker.waiting} jobs wait, ${worker.failed} failed`]);
  for (const [name, value] of lines) print(`${styled('bold', name.padEnd(12))}${value}`);
  for (const warning of status.warnings) print(styled('yellow', `! ${warning}`));
}

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what runs, what is migrated, what waits')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Starts nothing and changes nothing. Passwords are left out.

Examples:
  stoa status
  stoa status --json | jq .migrations.pending`,
    )
    .action(async (options: { json?: boolean }, self: Command) => {
      const status = await readStatus(await settingsOf(self));
      if (options.json) printJson(status);
      else show(status);
    });
}
