import { randomBytes } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { artifactName, type LogicalBackup, newBackupId, writeEntry } from '../catalog.ts';
import type { Artifact, Vault } from '../vault.ts';
import { contentsArtifact, contentsSchema, type DumpedTable, quoteTable } from './contents.ts';
import { contentQuery, openPlainSession, readServerFacts } from './session.ts';

export type Tier = DumpedTable['tier'];

export interface DumpOptions {
  /** May read every row: `stoa_backup`, or a superuser. */
  readonly url: string;
  readonly vault: Vault;
  /** Default: A and B, whose tables refer to no others. */
  readonly tiers?: readonly Tier[];
  readonly onProgress?: (progress: DumpProgress) => void;
  readonly signal?: AbortSignal;
}

export interface DumpProgress {
  readonly table: string;
  readonly tables: { readonly done: number; readonly total: number };
  /** Of all tables so far, before compression. */
  readonly bytes: number;
}

interface Source {
  readonly name: string;
  readonly tier: Tier;
  readonly columns: { readonly name: string; readonly type: string }[];
  readonly partitions: NonNullable<DumpedTable['partitions']> | null;
}

/** The migration engine writes these itself while it builds the schema that a copy is loaded into. */
const engineTables = ['ops.pgmigrations', 'ops.schema_migrations', 'ops.migration_steps'];

/** Tables of the tiers that exist here: those of a module that is left out have rows in the registry of nobody. */
const sourcesQuery = `
  select
    tiers.table_name as name,
    tiers.tier,
    (
      select jsonb_agg(jsonb_build_object(
        'name', attribute.attname,
        'type', format_type(attribute.atttypid, attribute.atttypmod)
      ) order by attribute.attnum)
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = relation.oid
        and attribute.attnum > 0
        and not attribute.attisdropped
        and attribute.attgenerated = ''
    ) as columns,
    case when relation.relkind = 'p' then (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', space.nspname || '.' || child.relname,
        'bounds', pg_get_expr(child.relpartbound, child.oid),
        'comment', obj_description(child.oid, 'pg_class')
      ) order by child.relname), '[]')
      from pg_catalog.pg_inherits as link
      join pg_catalog.pg_class as child on child.oid = link.inhrelid
      join pg_catalog.pg_namespace as space on space.oid = child.relnamespace
      where link.inhparent = relation.oid
    ) end as partitions
  from ops.backup_tiers as tiers
  join pg_catalog.pg_class as relation on relation.oid = to_regclass(tiers.table_name)
  where tiers.tier = any($1)
    and tiers.table_name <> all($2)
  order by tiers.table_name`;

const sequencesQuery = `
  select space.nspname || '.' || relation.relname as name
  from pg_catalog.pg_class as relation
  join pg_catalog.pg_namespace as space on space.oid = relation.relnamespace
  join pg_catalog.pg_depend as owned
    on owned.classid = 'pg_catalog.pg_class'::regclass
    and owned.objid = relation.oid
    and owned.deptype in ('a', 'i')
  where relation.relkind = 'S'
    and owned.refobjid = any(select to_regclass(each_table.name) from unnest($1::text[]) as each_table (name))
  order by 1`;

/**
 * Copies every table of the tiers as it stands at one moment, and writes down the schema as the migrations that made
 * it. Needs no program on this machine and no right but reading. Nothing exists as a backup before the last table is
 * in the storage. Refuses backup.no_schema, backup.may_not_read; ends early when `signal` says so.
 */
export async function createLogicalBackup(options: DumpOptions): Promise<LogicalBackup> {
  const { url, vault, tiers = ['A', 'B'], signal } = options;
  const startedAt = new Date();
  const id = newBackupId('logical', startedAt, randomBytes(3));
  const client = await openPlainSession(url, 'backup');
  const pid = await backendOf(client);
  const stop = (): void => {
    void cancel(url, pid);
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    await requireReader(client);
    // Before the snapshot is taken, so that everything up to here is in it.
    const { serverVersion, systemIdentifier, lsn } = await readServerFacts(client);
    await client.query('begin isolation level repeatable read read only');
    const about = await describeDatabase(client);
    const { rows: sources } = await client.query<Source>(sourcesQuery, [tiers, engineTables]);
    // Nobody drops or rewrites one of them before it is copied.
    await client.query(
      `lock table ${sources.map(({ name }) => quoteTable(name, escapeIdentifier)).join(', ')} in access share mode`,
    );
    const artifacts: Record<string, Artifact> = {};
    const tables: DumpedTable[] = [];
    let bytes = 0;
    for (const [done, source] of sources.entries()) {
      signal?.throwIfAborted();
      const tell = (soFar: number): void =>
        options.onProgress?.({
          table: source.name,
          tables: { done, total: sources.length },
          bytes: bytes + soFar,
        });
      tell(0);
      const { copied, artifact } = await copyTable(client, vault, id, source, tell);
      bytes += artifact.size;
      artifacts[source.name] = artifact;
      tables.push(copied);
    }
    const contents = contentsSchema.parse({
      format: 1,
      database: about.database,
      modules: about.modules,
      migrations: about.migrations,
      tables,
      sequences: await readSequences(client, tables),
    });
    await client.query('commit');
    artifacts[contentsArtifact] = await vault.write(
      artifactName(id, contentsArtifact),
      Buffer.from(`${JSON.stringify(contents, undefined, 2)}\n`),
    );
    signal?.throwIfAborted();
    const migration = about.migrations.at(-1)?.name;
    const entry: LogicalBackup = {
      format: 1,
      id,
      kind: 'logical',
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      serverVersion,
      systemIdentifier,
      ...(migration === undefined ? {} : { migration }),
      recipients: [...vault.recipients],
      artifacts,
      tiers: [...tiers],
      lsn,
    };
    await writeEntry(vault.storage, entry);
    return entry;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await client.end();
  }
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/** Ends what a session is doing from outside, as it is busy. */
async function cancel(url: string, pid: number): Promise<void> {
  const other = await connect(url, 'backup');
  try {
    await other.query('select pg_cancel_backend($1)', [pid]);
  } finally {
    await other.end();
  }
}

async function requireReader(client: Client): Promise<void> {
  const { rows } = await client.query<{ isThere: boolean; sees: boolean }>(
    `select
       to_regclass('ops.backup_tiers') is not null as "isThere",
       (select rolbypassrls or rolsuper from pg_catalog.pg_roles where rolname = current_user)
         and pg_has_role('pg_read_all_data', 'usage') as sees`,
  );
  if (!rows[0]?.sees) {
    throw new StoaError('backup.may_not_read', 'The login of the backup does not see every row.', {
      cure: 'Log in as stoa_backup, or give the role BYPASSRLS and pg_read_all_data (docs/operations/roles.md).',
      exitCode: exitCodes.database,
    });
  }
  if (!rows[0].isThere) {
    throw new StoaError('backup.no_schema', 'This database holds no schema of Stoa.', {
      cure: 'Check the name of the database in the URL, or run "stoa migrate up" first.',
      exitCode: exitCodes.database,
    });
  }
}

async function describeDatabase(client: Client) {
  const { rows } = await client.query<{
    database: string;
    modules: string[];
    migrations: { name: string; checksum: string }[];
  }>(
    `select
       current_database() as database,
       (
         select coalesce(jsonb_agg(distinct space.nspname), '[]')
         from pg_catalog.pg_namespace as space
         join ops.backup_tiers as tiers on split_part(tiers.table_name, '.', 1) = space.nspname
       ) as modules,
       (
         select coalesce(jsonb_agg(jsonb_build_object(
           'name', ledger.name,
           'checksum', encode(known.checksum, 'hex')
         ) order by ledger.id), '[]')
         from ops.pgmigrations as ledger
         join ops.schema_migrations as known on known.version = left(ledger.name, 14)
       ) as migrations`,
  );
  const about = rows[0];
  if (about === undefined) throw new Error('a query without a from clause has one row');
  return about;
}

async function copyTable(
  client: Client,
  vault: Vault,
  id: string,
  source: Source,
  onBytes: (bytes: number) => void,
): Promise<{ readonly copied: DumpedTable; readonly artifact: Artifact }> {
  const { name, tier, columns, partitions } = source;
  const names = columns.map((column) => escapeIdentifier(column.name)).join(', ');
  // A query, because COPY takes no partitioned table by its name.
  const copy = client.query(
    copyTo(`copy (select ${names} from ${quoteTable(name, escapeIdentifier)}) to stdout`),
  );
  const ended = finished(copy);
  // The vault refuses with the same error, and is who is waited for.
  ended.catch(() => {});
  const artifact = await vault.write(artifactName(id, name), copy, { onProgress: onBytes });
  await ended;
  const { rows } = await client.query<{ rows: string; contentHash: string }>(contentQuery(name, columns));
  const counted = rows[0] ?? { rows: '0', contentHash: '0' };
  if (copy.rowCount !== Number(counted.rows)) {
    throw new StoaError(
      'backup.incomplete',
      `${name} has ${counted.rows} rows, of which ${copy.rowCount} were copied.`,
      {
        cure: 'Run the backup again; if it happens again, run "stoa doctor" for damage in the database.',
        exitCode: exitCodes.checkFailed,
      },
    );
  }
  return {
    artifact,
    copied: {
      name,
      tier,
      columns,
      rows: Number(counted.rows),
      contentHash: counted.contentHash,
      ...(partitions === null ? {} : { partitions }),
    },
  };
}

async function readSequences(client: Client, tables: readonly DumpedTable[]) {
  const { rows } = await client.query<{ name: string }>(sequencesQuery, [tables.map(({ name }) => name)]);
  const sequences: { name: string; value: string; isCalled: boolean }[] = [];
  for (const { name } of rows) {
    const { rows: values } = await client.query<{ value: string; isCalled: boolean }>(
      `select last_value::text as value, is_called as "isCalled" from ${quoteTable(name, escapeIdentifier)}`,
    );
    for (const value of values) sequences.push({ name, ...value });
  }
  return sequences;
}
