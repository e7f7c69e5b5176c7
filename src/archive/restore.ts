import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { exitCodes, StoaError } from '../errors.ts';
import { eraseRestored } from './erase.ts';
import { type ArchiveManifest, readManifest } from './manifest.ts';
import { columnsOf } from './partition.ts';
import { openArchive } from './read.ts';
import { type ArchiveSession, withTableToMyself } from './session.ts';

export interface RestoreOptions {
  /** A table to make, as schema.table, instead of the partition that it was. */
  readonly into?: string;
  /** For how many days a restored partition is left alone by retirement. */
  readonly keepDays?: number;
}

export interface Restored {
  readonly table: string;
  readonly rows: number;
  /** Columns that the table has got since: every row has their default. */
  readonly added: readonly string[];
  /** Columns that the table has lost since: their values stay in the archive. */
  readonly left: readonly string[];
  /** Columns in whose place something else was exported. */
  readonly blanked: readonly string[];
  /** Rows of people who were erased since: deleted again, or emptied of what their erasure takes out. */
  readonly erased: number;
}

type Copied = Omit<Restored, 'table' | 'erased'>;

function refuse(code: string, message: string, cure: string): StoaError {
  return new StoaError(`archive.${code}`, message, { cure, exitCode: exitCodes.refused });
}

/** Leaves only the fields at these places in each line of COPY's text format. */
function keepFields(places: readonly number[]): Transform {
  let rest = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = Buffer.concat([rest, chunk]);
      const lines: string[] = [];
      let from = 0;
      for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
        const fields = bytes.toString('utf8', from, end).split('\t');
        lines.push(`${places.map((place) => fields[place] ?? '\\N').join('\t')}\n`);
        from = end + 1;
      }
      rest = bytes.subarray(from);
      done(null, lines.join(''));
    },
  });
}

/** Into a table that is there, as far as it has the columns. Throws at the end when the archive is not whole. */
async function copyInto(session: ArchiveSession, manifest: ArchiveManifest, table: string): Promise<Copied> {
  const { client, storage, transforms } = session;
  const here = (await columnsOf(client, table)).map(({ name }) => name);
  const archived = manifest.columns.map(({ name }) => name);
  const common = archived.filter((name) => here.includes(name));
  const places = common.map((name) => archived.indexOf(name));
  const source = openArchive(storage, manifest, transforms);
  const copy = client.query(
    copyFrom(`copy ${table} (${common.map((name) => pg.escapeIdentifier(name)).join(', ')}) from stdin`),
  );
  if (common.length === archived.length) await pipeline(source, copy);
  else await pipeline(source, keepFields(places), copy);
  if (copy.rowCount !== manifest.rows) {
    throw new Error(`${table} took ${copy.rowCount} of ${manifest.rows} rows`);
  }
  return {
    rows: manifest.rows,
    added: here.filter((name) => !archived.includes(name)),
    left: archived.filter((name) => !here.includes(name)),
    blanked: manifest.columns.filter(({ isBlanked }) => isBlanked).map(({ name }) => name),
  };
}

async function exists(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ is_there: boolean }>(
    'select to_regclass($1) is not null as is_there',
    [table],
  );
  return rows[0]?.is_there ?? false;
}

/** A table by itself, with the columns as they were; a type that is no more becomes text. `isLog`: as for `eraseRestored`. */
export async function restoreAside(
  session: ArchiveSession,
  manifest: ArchiveManifest,
  into: string,
  { isLog = false }: { readonly isLog?: boolean } = {},
): Promise<Restored> {
  const { client } = session;
  const parts = into.split('.');
  const [schema, name] = parts;
  if (parts.length !== 2 || !schema || !name) {
    throw new StoaError('archive.table_unnamed', `${into} does not name a table with its schema.`, {
      cure: 'Name it as in ops.announces_of_january.',
      exitCode: exitCodes.usage,
    });
  }
  const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
  if (await exists(client, table)) {
    throw refuse('table_present', `${into} is there already.`, 'Name a table that does not exist yet.');
  }
  const { rows: types } = await client.query<{ type: string }>(
    `select coalesce(to_regtype(given.type)::text, 'text') as type
     from unnest($1::text[]) with ordinality as given (type, place)
     order by given.place`,
    [manifest.columns.map(({ type }) => type)],
  );
  const columns = manifest.columns.map(
    (column, place) => `${pg.escapeIdentifier(column.name)} ${types[place]?.type ?? 'text'}`,
  );
  await client.query(`create table ${table} (${columns.join(', ')})`);
  await client.query(`alter table ${table} enable row level security`);
  await client.query(
    `comment on table ${table} is ${pg.escapeLiteral(`Rows of ${manifest.parent} from the archive ${manifest.name}.`)}`,
  );
  const copied = await copyInto(session, manifest, table);
  return {
    table: into,
    ...copied,
    erased: await eraseRestored(client, manifest, table, { isLog }),
  };
}

/** The partition that it was, of the table as it is now. */
async function restorePartition(
  session: ArchiveSession,
  manifest: ArchiveManifest,
  keepDays: number,
): Promise<Restored> {
  const { client } = session;
  const { parent, name, bounds } = manifest;
  if (manifest.kind !== 'partition' || bounds === null) {
    throw refuse(
      'rows_need_a_table',
      `${name} holds rows of ${parent}, not a partition: putting them back would run the rules of sending again.`,
      'Restore it into a table of its own with --into SCHEMA.TABLE, and insert from there what is wanted.',
    );
  }
  if (await exists(client, name)) {
    throw refuse(
      'partition_present',
      `${name} is there already.`,
      'Restore into another table with --into SCHEMA.TABLE to compare.',
    );
  }
  await client.query(`create table ${name} (like ${parent} including all)`);
  await client.query(`alter table ${name} enable row level security`);
  await client.query(
    `comment on table ${name} is ${pg.escapeLiteral(`Partition of ${parent}, restored from its archive.`)}`,
  );
  const copied = await copyInto(session, manifest, name);
  const erased = await eraseRestored(client, manifest, name, { isLog: true });
  await client.query(`alter table ${parent} attach partition ${name} ${bounds}`);
  // A guard against TRUNCATE is a statement trigger, which attaching does not bring.
  const { rows: guards } = await client.query<{ name: string; function: string }>(
    `select tgname as name, tgfoid::regproc::text as function
     from pg_catalog.pg_trigger
     where tgrelid = $1::regclass and not tgisinternal and tgtype & 32 <> 0`,
    [parent],
  );
  for (const guard of guards) {
    await client.query(
      `create trigger ${pg.escapeIdentifier(guard.name)} before truncate on ${name} for each statement execute function ${guard.function}()`,
    );
  }
  await client.query(
    `insert into ops.partition_retirements (partition, parent, bounds, status, keep_until)
     values ($1, $2, $3, 'restored', now() + make_interval(days => $4))
     on conflict (partition) do update
     set status = 'restored', reason = null, detached_at = null, keep_until = excluded.keep_until,
         stepped_at = clock_timestamp()`,
    [name, parent, bounds, keepDays],
  );
  await client.query(
    'update ops.archive_exports set dropped_at = null where parent = $1 and partition = $2',
    [parent, name],
  );
  return { table: name, ...copied, erased };
}

/** All of it or nothing: in one transaction, which ends with the last byte compared. */
export async function restoreArchive(
  session: ArchiveSession,
  key: string,
  { into, keepDays = 30 }: RestoreOptions = {},
): Promise<Restored> {
  const { client, storage } = session;
  const manifest = await readManifest(storage, key);
  return withTableToMyself(client, manifest.parent, async () => {
    await client.query('begin');
    try {
      const restored = await (into === undefined
        ? restorePartition(session, manifest, keepDays)
        : restoreAside(session, manifest, into));
      await client.query('commit');
      return restored;
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  });
}
