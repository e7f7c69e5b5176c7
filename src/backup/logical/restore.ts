import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import pg, { escapeIdentifier, escapeLiteral } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { exitCodes, StoaError } from '../../errors.ts';
import { loadMigrations } from '../../migrate/load.ts';
import { projectRoot } from '../../migrate/root.ts';
import { migrateUp } from '../../migrate/up.ts';
import { modules as registry } from '../../modules.ts';
import { connect, databaseOf, redactUrl, withDatabase } from '../../postgres/connect.ts';
import { prepareDatabase } from '../../postgres/prepare.ts';
import type { LogicalBackup } from '../catalog.ts';
import type { Vault } from '../vault.ts';
import { type DumpedTable, type LogicalContents, notWhole, quoteTable, readContents } from './contents.ts';
import { contentQuery, openPlainSession } from './session.ts';

export interface LogicalRestoreOptions {
  /** The database to be, on a server that exists; the login may create databases and become stoa_owner. */
  readonly targetUrl: string;
  readonly vault: Vault;
  readonly backup: LogicalBackup;
  /** What has that name already is kept under another: see `LogicalRestore.replaced`. Default: refuse. */
  readonly replace?: boolean;
  /** Stay at the schema of the backup, instead of migrating up to that of this release. */
  readonly keepSchema?: boolean;
  /** Done in the restored database before anybody else can reach it by its name: erasures that came after the backup. */
  readonly beforeOpening?: readonly ((url: string) => Promise<void>)[];
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly root?: string;
}

export interface RestoreProgress {
  readonly step: 'schema' | 'rows' | 'constraints' | 'content' | 'migrations' | 'opening';
  readonly table?: string;
  readonly rows: { readonly done: number; readonly total: number };
}

export interface LogicalRestore {
  readonly database: string;
  readonly tables: number;
  readonly rows: number;
  /** Migrations of this release that the backup did not have. */
  readonly migrated: readonly string[];
  /** The name under which the database that stood there is kept. */
  readonly replaced: string | undefined;
}

/**
 * Builds the schema of the backup by its migrations, loads the copies, proves that every row is what it was, validates
 * every foreign key, and migrates to today's schema. All of that under another name: the database appears when it is
 * whole, and a restore that fails or is killed leaves what was there as it was.
 *
 * Refuses restore.not_empty, restore.unknown_migration, restore.differs, backup.damaged, backup.no_key.
 */
export async function restoreLogical(options: LogicalRestoreOptions): Promise<LogicalRestore> {
  const { targetUrl, vault, backup, replace = false, root = projectRoot } = options;
  const contents = await readContents(vault, backup);
  await requireCopies(vault, backup, contents);
  await requireMigrations(contents, root);
  const database = databaseOf(targetUrl);
  const admin = await connect(withDatabase(targetUrl, 'postgres'), 'restore');
  try {
    const isThere = await exists(admin, database);
    if (isThere && !replace && (await holdsSomething(targetUrl))) {
      throw new StoaError('restore.not_empty', `The database ${redactUrl(targetUrl)} is not empty.`, {
        cure: 'Restore into a name that is free. To put it in its place, add --replace; the present one is kept beside it.',
        exitCode: exitCodes.refused,
      });
    }
    const workName = `${database.slice(0, 40)}_restoring_${randomBytes(4).toString('hex')}`;
    const workUrl = withDatabase(targetUrl, workName);
    try {
      await prepareDatabase(targetUrl, workName);
      const migrated = await fill(options, contents, workUrl, root);
      options.onProgress?.({ step: 'opening', rows: rowsOf(contents, contents.tables.length) });
      for (const work of options.beforeOpening ?? []) await work(workUrl);
      const replaced = isThere ? await setAside(admin, database) : undefined;
      await admin.query(
        `alter database ${escapeIdentifier(workName)} rename to ${escapeIdentifier(database)}`,
      );
      return {
        database,
        tables: contents.tables.length,
        rows: rowsOf(contents, 0).total,
        migrated,
        replaced,
      };
    } catch (error) {
      await admin.query(`drop database if exists ${escapeIdentifier(workName)} with (force)`);
      throw error;
    }
  } finally {
    await admin.end();
  }
}

/** Every copy is there and as long as it was, which costs little to see before anything is made. */
async function requireCopies(vault: Vault, backup: LogicalBackup, contents: LogicalContents): Promise<void> {
  for (const { name } of contents.tables) {
    const artifact = backup.artifacts[name];
    const info = artifact && (await vault.storage.head(artifact.key));
    if (!info) throw notWhole(backup.id, `the copy of ${name}`);
    if (info.size !== artifact.storedSize) throw notWhole(backup.id, `a part of the copy of ${name}`);
  }
}

function rowsOf(contents: LogicalContents, tables: number): RestoreProgress['rows'] {
  const sum = (some: readonly DumpedTable[]): number => some.reduce((total, { rows }) => total + rows, 0);
  return { done: sum(contents.tables.slice(0, tables)), total: sum(contents.tables) };
}

async function exists(admin: Client, database: string): Promise<boolean> {
  const { rowCount } = await admin.query('select from pg_catalog.pg_database where datname = $1', [database]);
  return rowCount === 1;
}

/** Whether there is any table that no extension brought. */
async function holdsSomething(url: string): Promise<boolean> {
  const client = await connect(url, 'restore');
  try {
    const { rows } = await client.query<{ answer: boolean }>(
      `select exists (
         select
         from pg_catalog.pg_class as relation
         join pg_catalog.pg_namespace as space on space.oid = relation.relnamespace
         where relation.relkind in ('r', 'p', 'm', 'v', 'S', 'f')
           and space.nspname !~ '^(pg_|information_schema$)'
           and not exists (
             select
             from pg_catalog.pg_depend
             where classid = 'pg_catalog.pg_class'::regclass and objid = relation.oid and deptype = 'e'
           )
       ) as answer`,
    );
    return rows[0]?.answer ?? false;
  } finally {
    await client.end();
  }
}

/** An empty one goes; one that holds something is kept under a name that says when it was put aside. */
async function setAside(admin: Client, database: string): Promise<string | undefined> {
  const time = new Date()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')
    .toLowerCase();
  const name = `${database.slice(0, 40)}_before_${time}`;
  await admin.query(
    'select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
    [database],
  );
  await admin.query(`alter database ${escapeIdentifier(database)} rename to ${escapeIdentifier(name)}`);
  return name;
}

/** The schema of a backup is the migrations that made it: each must be here, as it was. */
async function requireMigrations(contents: LogicalContents, root: string): Promise<void> {
  const known = new Map(
    (await loadMigrations(root, registry)).map(({ name, checksum }) => [name, checksum.toString('hex')]),
  );
  const missing = contents.migrations.filter(({ name }) => !known.has(name));
  const edited = contents.migrations.filter(
    ({ name, checksum }) => known.has(name) && known.get(name) !== checksum,
  );
  if (missing.length === 0 && edited.length === 0) return;
  const what = missing.length > 0 ? 'is not here' : 'is not what it was';
  const some = (missing.length > 0 ? missing : edited).map(({ name }) => name);
  throw new StoaError(
    'restore.unknown_migration',
    `The backup was made with a migration that ${what}: ${some.slice(0, 3).join(', ')}${some.length > 3 ? ` and ${some.length - 3} more` : ''}.`,
    {
      cure: 'Restore with the release of Stoa that made the backup, or a newer one, and with its own modules.',
      exitCode: exitCodes.refused,
    },
  );
}

/** Answers with the migrations that came on top. */
async function fill(
  options: LogicalRestoreOptions,
  contents: LogicalContents,
  url: string,
  root: string,
): Promise<readonly string[]> {
  const { vault, backup, onProgress } = options;
  const modules = contents.modules.filter((name) => registry.some((module) => module.name === name));
  onProgress?.({ step: 'schema', rows: rowsOf(contents, 0) });
  const last = contents.migrations.at(-1)?.name;
  await migrateUp({ databaseUrl: url, modules, root, ...(last === undefined ? {} : { to: last }) });
  const client = await openPlainSession(url, 'restore');
  try {
    await requireSameSchema(client, contents);
    await client.query('set role stoa_owner');
    await loadRows(client, vault, backup, contents, onProgress);
    onProgress?.({ step: 'content', rows: rowsOf(contents, contents.tables.length) });
    await requireSameContent(client, contents);
    // The planner has never seen these rows.
    await client.query('analyze');
  } finally {
    await client.end();
  }
  if (options.keepSchema) return [];
  onProgress?.({ step: 'migrations', rows: rowsOf(contents, contents.tables.length) });
  const { applied } = await migrateUp({ databaseUrl: url, modules, root });
  return applied;
}

/** A migration that was applied out of order has been left out, or one too many is there. */
async function requireSameSchema(client: Client, contents: LogicalContents): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select name from ops.pgmigrations');
  const here = new Set(rows.map(({ name }) => name));
  const there = new Set(contents.migrations.map(({ name }) => name));
  const differing = [...there]
    .filter((name) => !here.has(name))
    .concat([...here].filter((name) => !there.has(name)));
  if (differing.length === 0) return;
  throw new StoaError(
    'restore.unknown_migration',
    `The schema of the backup cannot be built: ${differing.slice(0, 3).join(', ')} ${differing.length === 1 ? 'makes' : 'make'} the difference.`,
    {
      cure: 'Restore with the release of Stoa that made the backup.',
      exitCode: exitCodes.refused,
    },
  );
}

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
}

const foreignKeysQuery = `
  select
    key.conrelid::regclass::text as "table",
    key.conname as name,
    pg_get_constraintdef(key.oid) as definition,
    obj_description(key.oid, 'pg_constraint') as comment
  from pg_catalog.pg_constraint as key
  where key.contype = 'f'
    and key.conparentid = 0
    and (
      key.conrelid = any(select to_regclass(name) from unnest($1::text[]) as dumped (name))
      or key.confrelid = any(select to_regclass(name) from unnest($1::text[]) as dumped (name))
    )
  order by 1, 2`;

/** Into tables without triggers and foreign keys, which are then put back and so proven for every row. */
async function loadRows(
  client: Client,
  vault: Vault,
  backup: LogicalBackup,
  contents: LogicalContents,
  onProgress: LogicalRestoreOptions['onProgress'],
): Promise<void> {
  const names = contents.tables.map(({ name }) => quoteTable(name, escapeIdentifier));
  const { rows: keys } = await client.query<ForeignKey>(foreignKeysQuery, [names]);
  await client.query('begin');
  for (const key of keys) {
    await client.query(`alter table ${key.table} drop constraint ${escapeIdentifier(key.name)}`);
  }
  const remade: { readonly table: DumpedTable; readonly guards: readonly string[] }[] = [];
  for (const table of contents.tables) {
    if (table.partitions === undefined) continue;
    const guards = await dropPartitions(client, table, table.partitions);
    if (guards) remade.push({ table, guards });
  }
  await setTriggers(client, contents, 'disable');
  // What the migrations put there (registries, settings) is in the backup too, as it stood.
  await client.query(`truncate ${names.join(', ')}`);
  await client.query('commit');
  for (const { table, guards } of remade) await makePartitions(client, table, guards);
  // New partitions come with the triggers of their parent.
  await setTriggers(client, contents, 'disable');
  for (const [index, table] of contents.tables.entries()) {
    onProgress?.({ step: 'rows', table: table.name, rows: rowsOf(contents, index) });
    await loadTable(client, vault, backup, table);
  }
  for (const { name, value, isCalled } of contents.sequences) {
    await client.query('select setval($1::regclass, $2::bigint, $3)', [
      quoteTable(name, escapeIdentifier),
      value,
      isCalled,
    ]);
  }

  onProgress?.({ step: 'constraints', rows: rowsOf(contents, contents.tables.length) });
  await client.query('begin');
  await setTriggers(client, contents, 'enable');
  for (const key of keys) await putBack(client, key);
  await client.query('commit');
}

/** Those of the partitions too: triggers of statements are not their parent's. */
async function setTriggers(
  client: Client,
  contents: LogicalContents,
  state: 'disable' | 'enable',
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select relation.oid::regclass::text as name
     from unnest($1::text[]) as dumped (name)
     cross join lateral (
       select to_regclass(dumped.name)::oid as oid
       union all
       select inhrelid from pg_catalog.pg_inherits where inhparent = to_regclass(dumped.name)
     ) as relation`,
    [contents.tables.map(({ name }) => quoteTable(name, escapeIdentifier))],
  );
  for (const { name } of rows) await client.query(`alter table ${name} ${state} trigger user`);
}

async function putBack(client: Client, key: ForeignKey): Promise<void> {
  const name = escapeIdentifier(key.name);
  try {
    await client.query(`alter table ${key.table} add constraint ${name} ${key.definition}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '23503')) throw error;
    throw new StoaError(
      'restore.differs',
      `The rows of the backup break ${key.name} of ${key.table}: one refers to what is not there.`,
      {
        cure: 'Use another backup, and look for the cause: no live database holds such a row.',
        exitCode: exitCodes.checkFailed,
      },
    );
  }
  if (key.comment !== null) {
    await client.query(`comment on constraint ${name} on ${key.table} is ${escapeLiteral(key.comment)}`);
  }
}

async function loadTable(
  client: Client,
  vault: Vault,
  backup: LogicalBackup,
  table: DumpedTable,
): Promise<void> {
  const artifact = backup.artifacts[table.name];
  if (artifact === undefined) throw notWhole(backup.id, `the copy of ${table.name}`);
  const columns = table.columns.map(({ name }) => escapeIdentifier(name)).join(', ');
  const target = quoteTable(table.name, escapeIdentifier);
  await pipeline(
    await vault.read(artifact),
    client.query(copyFrom(`copy ${target} (${columns}) from stdin`)),
  );
}

/**
 * Those that the migrations made are of today's months, and empty: where the backup had others, they go. Answers with
 * the triggers of statements that they had beside those of their parent, or undefined where they are as in the backup.
 */
async function dropPartitions(
  client: Client,
  table: DumpedTable,
  wanted: NonNullable<DumpedTable['partitions']>,
): Promise<readonly string[] | undefined> {
  const { rows } = await client.query<{ name: string; quoted: string; bounds: string; guards: string[] }>(
    `select
       space.nspname || '.' || child.relname as name,
       child.oid::regclass::text as quoted,
       pg_get_expr(child.relpartbound, child.oid) as bounds,
       array(
         select replace(pg_get_triggerdef(guard.oid), ' ON ' || child.oid::regclass::text || ' ', ' ON %s ')
         from pg_catalog.pg_trigger as guard
         where guard.tgrelid = child.oid and not guard.tgisinternal and guard.tgtype & 1 = 0
       ) as guards
     from pg_catalog.pg_inherits as link
     join pg_catalog.pg_class as child on child.oid = link.inhrelid
     join pg_catalog.pg_namespace as space on space.oid = child.relnamespace
     where link.inhparent = $1::regclass
     order by 1`,
    [quoteTable(table.name, escapeIdentifier)],
  );
  const here = new Map(rows.map(({ name, bounds }) => [name, bounds]));
  const isSame =
    rows.length === wanted.length && wanted.every(({ name, bounds }) => here.get(name) === bounds);
  if (isSame) return undefined;
  for (const { quoted } of rows) await client.query(`drop table ${quoted}`);
  return rows[0]?.guards ?? [];
}

/** The months of the backup: retention drops whole ones. */
async function makePartitions(client: Client, table: DumpedTable, guards: readonly string[]): Promise<void> {
  const parent = quoteTable(table.name, escapeIdentifier);
  await client.query('begin');
  for (const { name, bounds, comment } of table.partitions ?? []) {
    const partition = quoteTable(name, escapeIdentifier);
    await client.query(`create table ${partition} (like ${parent} including all)`);
    // Nobody reads a partition past the policies of its parent.
    await client.query(`alter table ${partition} enable row level security`);
    if (comment !== null) {
      await client.query(`comment on table ${partition} is ${escapeLiteral(comment)}`);
    }
    await client.query(`alter table ${parent} attach partition ${partition} ${bounds}`);
    for (const guard of guards) await client.query(guard.replace('%s', () => partition));
  }
  await client.query('commit');
}

/** What came out of the backup is what went in: not only as many rows, but the same. */
async function requireSameContent(client: Client, contents: LogicalContents): Promise<void> {
  for (const table of contents.tables) {
    const { rows } = await client.query<{ rows: string; contentHash: string }>(
      contentQuery(table.name, table.columns),
    );
    const found = rows[0];
    if (Number(found?.rows) === table.rows && found?.contentHash === table.contentHash) continue;
    throw new StoaError(
      'restore.differs',
      `${table.name} is not what was backed up: ${found?.rows ?? 0} rows instead of ${table.rows}, or other contents.`,
      {
        cure: 'Use another backup; "stoa backup verify" tells which are whole.',
        exitCode: exitCodes.checkFailed,
      },
    );
  }
}
