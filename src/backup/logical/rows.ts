import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { exitCodes, StoaError } from '../../errors.ts';
import type { LogicalBackup } from '../catalog.ts';
import type { Vault } from '../vault.ts';
import { type DumpedTable, notWhole, quoteTable, readContents } from './contents.ts';
import { openPlainSession } from './session.ts';

export interface RowsOptions {
  /** The live database; the login may become stoa_owner. */
  readonly databaseUrl: string;
  readonly vault: Vault;
  readonly backup: LogicalBackup;
  /** `forums.posts`: whole tables. */
  readonly tables?: readonly string[];
  /** One row and everything that hangs on it: a forum with its posts, their comments, and so on. */
  readonly container?: { readonly table: string; readonly id: string };
  /** The new schema that takes them. Default: `restored_` and the time of the backup. */
  readonly schema?: string;
  readonly onProgress?: (progress: {
    readonly table: string;
    readonly done: number;
    readonly total: number;
  }) => void;
}

export interface RestoredRows {
  readonly schema: string;
  readonly tables: readonly RestoredTable[];
}

export interface RestoredTable {
  /** `forums.posts`, as it is called among the living. */
  readonly name: string;
  /** `restored_20261121.forums_posts`. */
  readonly restored: string;
  readonly rows: number;
  /** Left out, because they tell of somebody who has been erased since. */
  readonly erased: number;
  /** Of those that are there, how many the live table does not have any more. */
  readonly missing: number;
}

/**
 * Takes rows out of a backup and lays them beside the live ones, in a schema of their own that only the owner can read:
 * nothing of the live data is touched. Rows of people who have been erased since do not come back.
 * Refuses restore.unknown_table, restore.unknown_row, restore.schema_exists, backup.damaged, backup.no_key.
 */
export async function restoreRows(options: RowsOptions): Promise<RestoredRows> {
  const { vault, backup, container } = options;
  const contents = await readContents(vault, backup);
  const byName = new Map(contents.tables.map((table) => [table.name, table]));
  const client = await openPlainSession(options.databaseUrl, 'restore rows');
  try {
    await client.query('set role stoa_owner');
    const keys = await references(client);
    const names = new Set(options.tables ?? []);
    if (container) for (const name of below(keys, container.table)) names.add(name);
    const wanted = [...names].flatMap((name) => {
      const table = byName.get(name);
      // A table that hangs on a container may be of a tier that is not backed up.
      if (table === undefined && (options.tables?.includes(name) || name === container?.table)) {
        throw unknownTable(name, backup.id);
      }
      return table ?? [];
    });
    const schema = options.schema ?? `restored_${backup.id.slice(0, 15).toLowerCase()}`;
    await client.query('begin');
    await makeSchema(client, schema, backup.id);
    for (const [done, table] of wanted.entries()) {
      options.onProgress?.({ table: table.name, done, total: wanted.length });
      await loadBeside(client, vault, backup, schema, table);
    }
    if (container) await keepContainer(client, schema, container, wanted, keys);
    const restored: RestoredTable[] = [];
    for (const table of wanted) restored.push(await finishTable(client, schema, table, keys));
    await client.query('commit');
    return { schema, tables: restored };
  } finally {
    await client.end();
  }
}

function unknownTable(name: string, id: string): StoaError {
  return new StoaError('restore.unknown_table', `Backup ${id} has no table ${name}.`, {
    cure: 'Look at "stoa backup show" for its tables, such as forums.posts. Rebuildable tables are in physical backups only.',
    exitCode: exitCodes.input,
  });
}

function besideName(schema: string, table: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table.replace('.', '_'))}`;
}

async function makeSchema(client: Client, schema: string, id: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [schema]);
  if (rowCount) {
    throw new StoaError('restore.schema_exists', `There is a schema ${schema} already.`, {
      cure: `Drop it when it is not needed any more (drop schema ${escapeIdentifier(schema)} cascade), or name another with --schema.`,
      exitCode: exitCodes.refused,
    });
  }
  await client.query(`create schema ${escapeIdentifier(schema)}`);
  await client.query(
    `comment on schema ${escapeIdentifier(schema)} is ${escapeLiteral(`Rows of backup ${id}, beside the live ones. Drop it when they are not needed any more.`)}`,
  );
}

/** With the types of the backup, and neither keys nor rules: what is here is looked at, not lived in. */
async function loadBeside(
  client: Client,
  vault: Vault,
  backup: LogicalBackup,
  schema: string,
  table: DumpedTable,
): Promise<void> {
  const artifact = backup.artifacts[table.name];
  if (artifact === undefined) throw notWhole(backup.id, `the copy of ${table.name}`);
  const beside = besideName(schema, table.name);
  // Reads each as a type and as nothing else: what a backup says is no SQL.
  await client.query('select each.type::regtype from unnest($1::text[]) as each (type)', [
    table.columns.map(({ type }) => type),
  ]);
  const columns = table.columns.map(({ name, type }) => `${escapeIdentifier(name)} ${type}`).join(', ');
  await client.query(`create table ${beside} (${columns})`);
  await client.query(`alter table ${beside} enable row level security`);
  const names = table.columns.map(({ name }) => escapeIdentifier(name)).join(', ');
  await pipeline(await vault.read(artifact), client.query(copyFrom(`copy ${beside} (${names}) from stdin`)));
}

interface Reference {
  readonly child: string;
  readonly parent: string;
  readonly childColumns: string[];
  readonly parentColumns: string[];
}

async function references(client: Client): Promise<readonly Reference[]> {
  const { rows } = await client.query<Reference>(
    `select
       child_space.nspname || '.' || child.relname as child,
       parent_space.nspname || '.' || parent.relname as parent,
       array(
         select attribute.attname::text
         from unnest(key.conkey) with ordinality as part (attnum, place)
         join pg_catalog.pg_attribute as attribute
           on attribute.attrelid = key.conrelid and attribute.attnum = part.attnum
         order by part.place
       ) as "childColumns",
       array(
         select attribute.attname::text
         from unnest(key.confkey) with ordinality as part (attnum, place)
         join pg_catalog.pg_attribute as attribute
           on attribute.attrelid = key.confrelid and attribute.attnum = part.attnum
         order by part.place
       ) as "parentColumns"
     from pg_catalog.pg_constraint as key
     join pg_catalog.pg_class as child on child.oid = key.conrelid
     join pg_catalog.pg_namespace as child_space on child_space.oid = child.relnamespace
     join pg_catalog.pg_class as parent on parent.oid = key.confrelid
     join pg_catalog.pg_namespace as parent_space on parent_space.oid = parent.relnamespace
     where key.contype = 'f' and key.conparentid = 0`,
  );
  return rows;
}

/** The table itself and all whose rows hang on its rows, directly or not. */
function below(keys: readonly Reference[], root: string): readonly string[] {
  const found = new Set([root]);
  for (const name of found) {
    for (const { child, parent } of keys) if (parent === name) found.add(child);
  }
  return [...found];
}

/** Leaves only the row that was asked for, and what hangs on it. */
async function keepContainer(
  client: Client,
  schema: string,
  { table, id }: { readonly table: string; readonly id: string },
  wanted: readonly DumpedTable[],
  keys: readonly Reference[],
): Promise<void> {
  const loaded = new Map(
    wanted.map(({ name, columns }) => [name, new Set(columns.map((each) => each.name))]),
  );
  const mark = escapeIdentifier('stoa is kept');
  for (const { name } of wanted) {
    await client.query(
      `alter table ${besideName(schema, name)} add column ${mark} boolean not null default false`,
    );
  }
  const { rowCount } = await client.query(
    `update ${besideName(schema, table)} set ${mark} = true where id::text = $1`,
    [id],
  );
  if (rowCount !== 1) {
    throw new StoaError('restore.unknown_row', `The backup has no row ${id} of ${table}.`, {
      cure: 'Check the id, or use a backup of another day: "stoa backup list".',
      exitCode: exitCodes.input,
    });
  }
  // What a backup has as a generated column is not in its copy; no foreign key may then be followed through it.
  const edges = keys.filter(
    ({ child, parent, childColumns, parentColumns }) =>
      child !== table &&
      childColumns.every((name) => loaded.get(child)?.has(name)) &&
      parentColumns.every((name) => loaded.get(parent)?.has(name)),
  );
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const { child, parent, childColumns, parentColumns } of edges) {
      const matches = childColumns
        .map(
          (name, at) =>
            `child.${escapeIdentifier(name)} = parent.${escapeIdentifier(parentColumns[at] ?? '')}`,
        )
        .join(' and ');
      const marked = await client.query(
        `update ${besideName(schema, child)} as child set ${mark} = true
         from ${besideName(schema, parent)} as parent
         where not child.${mark} and parent.${mark} and ${matches}`,
      );
      if (marked.rowCount) isSettled = false;
    }
  }
  for (const { name } of wanted) {
    await client.query(`delete from ${besideName(schema, name)} where not ${mark}`);
    await client.query(`alter table ${besideName(schema, name)} drop column ${mark}`);
  }
}

/** Takes out who has been erased, and counts. */
async function finishTable(
  client: Client,
  schema: string,
  table: DumpedTable,
  keys: readonly Reference[],
): Promise<RestoredTable> {
  const beside = besideName(schema, table.name);
  const people = new Set(
    keys
      .filter(
        ({ child, parent, parentColumns }) =>
          child === table.name && parent === 'core.users' && parentColumns.includes('id'),
      )
      .flatMap(({ childColumns, parentColumns }) => childColumns[parentColumns.indexOf('id')] ?? []),
  );
  if (table.name === 'core.users') people.add('id');
  let erased = 0;
  for (const column of people) {
    if (!table.columns.some(({ name }) => name === column)) continue;
    const gone = await client.query(
      `delete from ${beside} as beside
       using core.users as person
       where person.id = beside.${escapeIdentifier(column)} and person.erased_at is not null`,
    );
    erased += gone.rowCount ?? 0;
  }
  const key = await primaryKey(client, table.name);
  const matches = key
    .map((name) => `live.${escapeIdentifier(name)} = beside.${escapeIdentifier(name)}`)
    .join(' and ');
  const { rows } = await client.query<{ rows: number; missing: number }>(
    `select
       count(*)::integer as rows,
       count(*) filter (where not exists (
         select from ${quoteTable(table.name, escapeIdentifier)} as live where ${matches}
       ))::integer as missing
     from ${beside} as beside`,
  );
  return {
    name: table.name,
    restored: beside,
    rows: rows[0]?.rows ?? 0,
    erased,
    missing: rows[0]?.missing ?? 0,
  };
}

async function primaryKey(client: Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attribute.attname as name
     from pg_catalog.pg_index as index
     join pg_catalog.pg_attribute as attribute
       on attribute.attrelid = index.indrelid and attribute.attnum = any(index.indkey)
     where index.indisprimary and index.indrelid = $1::regclass`,
    [quoteTable(table, escapeIdentifier)],
  );
  return rows.map(({ name }) => name);
}
