import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Client } from 'pg';
import pg from 'pg';
import { z } from 'zod';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { readObject } from '../../storage/read.ts';
import type { ObjectInfo, Storage } from '../../storage/storage.ts';
import { artifactSchema } from '../catalog.ts';
import type { Vault } from '../vault.ts';
import { securityOf } from './security.ts';

const tableShape = z.strictObject({
  rows: z.int().nonnegative(),
  /** The sum of a hash of each row: the order of rows does not matter, a changed one does. */
  hash: z.string().regex(/^-?\d+$/),
});

const pointShape = z.strictObject({
  format: z.literal(1),
  takenAt: z.iso.datetime(),
  systemIdentifier: z.string().regex(/^\d+$/),
  timeline: z.int().positive(),
  database: z.string(),
  /** Recovered to exactly here, the tables hold exactly this. */
  lsn: z.string(),
  /** The same position by name, where the login may make restore points. */
  restorePoint: z.string().optional(),
  tables: z.record(z.string(), tableShape),
  /** A short hash of each policy, grant, role and flag, by its name. */
  security: z.record(z.string(), z.string()),
  migration: z.string().optional(),
  extensions: z.record(z.string(), z.string()),
});
export type DrillPoint = z.infer<typeof pointShape>;
export type TableFacts = z.infer<typeof tableShape>;

export interface CaptureOptions {
  /** May lock the tables, and read every row of them. */
  readonly url: string;
  /** Default: the tables of tiers A and B. */
  readonly tables?: readonly string[];
  /** How long writers may be held up, in milliseconds. */
  readonly lockTimeoutMs?: number;
}

/** Where points lie, beside the backups: `drill-points/<timeline>/<position>`. */
const prefix = 'drill-points/';

export async function criticalTables(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select tier.table_name as name
     from ops.backup_tiers as tier
     join pg_catalog.pg_class as class on class.oid = to_regclass(tier.table_name)
     where tier.tier in ('A', 'B') and class.relkind in ('r', 'p') and class.relpersistence = 'p'
     order by tier.table_name`,
  );
  return rows.map(({ name }) => name);
}

/** Rows of a table and the sum of their hashes, in the snapshot of the client. */
export async function factsOf(client: Client, table: string): Promise<TableFacts> {
  const { rows } = await client.query<{ rows: string; hash: string }>(
    `select count(*)::text as rows, coalesce(sum(hashtextextended(target::text, 0)::numeric), 0)::text as hash
     from ${table} as target`,
  );
  return { rows: Number(rows[0]?.rows ?? 0), hash: rows[0]?.hash ?? '0' };
}

/** Texts of rows must not hang on settings of the session. */
export async function readPlainly(client: Client): Promise<void> {
  await client.query(
    `set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres';
     set extra_float_digits = 1; set bytea_output = 'hex'; set search_path = ''; set statement_timeout = 0`,
  );
}

/** A login that may migrate owns nothing by itself, and reads what policies let it. */
async function becomeOwner(client: Client): Promise<void> {
  await client.query(
    `select set_config('role', owner.rolname, false)
     from pg_catalog.pg_roles as owner, pg_catalog.pg_roles as login
     where owner.rolname = 'stoa_owner' and login.rolname = session_user and not login.rolsuper
       and pg_has_role(session_user, owner.oid, 'member')`,
  );
}

/**
 * Notes what the critical tables hold at one position of the log: a drill that recovers to exactly there must find
 * exactly that. Writers are held up between the lock and the record that marks the position, some milliseconds; they
 * go on while the tables are read in a snapshot of that moment. Breaks with 55P03 where a writer does not let it in.
 */
export async function capturePoint({
  url,
  tables,
  lockTimeoutMs = 2_000,
}: CaptureOptions): Promise<DrillPoint> {
  const holder = await connect(url, 'drill point');
  const reader = await connect(url, 'drill point');
  try {
    for (const client of [holder, reader]) await becomeOwner(client);
    await readPlainly(reader);
    const names = tables ?? (await criticalTables(reader));
    await holder.query('begin');
    await holder.query(`select set_config('lock_timeout', $1, true)`, [`${lockTimeoutMs}ms`]);
    if (names.length > 0) await holder.query(`lock table ${names.join(', ')} in share mode`);
    const name = `stoa_drill_${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
    const { rows } = await holder.query<{ lsn: string; may_name: boolean; timeline: string }>(
      `select
         pg_current_wal_insert_lsn()::text as lsn,
         substring(pg_walfile_name(pg_current_wal_insert_lsn()) for 8) as timeline,
         has_function_privilege('pg_create_restore_point(text)', 'execute') as may_name`,
    );
    const place = rows[0];
    if (place === undefined) throw new Error('the server did not say where it is');
    // The record that a recovery to this position ends with; nothing of the tables can be in it.
    if (place.may_name) await holder.query('select pg_create_restore_point($1)', [name]);
    else await holder.query(`select pg_logical_emit_message(false, 'stoa', $1)`, [name]);
    await reader.query('begin isolation level repeatable read read only');
    await reader.query('select 1');
    await holder.query('commit');
    const facts: Record<string, TableFacts> = {};
    for (const table of names) facts[table] = await factsOf(reader, table);
    const extensions = await reader.query<{ name: string; version: string }>(
      'select extname as name, extversion as version from pg_catalog.pg_extension order by extname',
    );
    const system = await reader.query<{ id: string; database: string }>(
      'select system_identifier::text as id, current_database() as database from pg_control_system()',
    );
    return pointShape.parse({
      format: 1,
      takenAt: new Date().toISOString(),
      systemIdentifier: system.rows[0]?.id,
      timeline: Number.parseInt(place.timeline, 16),
      database: system.rows[0]?.database,
      lsn: place.lsn,
      ...(place.may_name ? { restorePoint: name } : {}),
      tables: facts,
      security: await securityOf(reader),
      ...(await migrationOf(reader)),
      extensions: Object.fromEntries(extensions.rows.map((row) => [row.name, row.version])),
    });
  } finally {
    await holder.end();
    await reader.end();
  }
}

/** The newest migration that is applied; nothing in a database that has none. */
export async function migrationOf(client: Client): Promise<{ readonly migration?: string }> {
  const { rows: ledger } = await client.query<{ yes: boolean }>(
    `select to_regclass('ops.schema_migrations') is not null as yes`,
  );
  if (!ledger[0]?.yes) return {};
  const { rows } = await client.query<{ name: string }>(
    `select version || '_' || name as name from ops.schema_migrations order by version desc, name desc limit 1`,
  );
  return rows[0] === undefined ? {} : { migration: rows[0].name };
}

const storedShape = z.strictObject({ format: z.literal(1), artifact: artifactSchema });

function keyOf(point: DrillPoint): string {
  const [high = '', low = ''] = point.lsn.split('/');
  return `${prefix}${point.timeline}/${high.padStart(8, '0')}-${low.padStart(8, '0')}`;
}

/** Which point an object below `drill-points/` belongs to, and where in the log that is. */
export function placeOfPoint(
  key: string,
): { readonly point: string; readonly timeline: number; readonly lsn: string } | undefined {
  const [point, timeline, high = '', low = ''] =
    /^drill-points\/(\d+)\/([0-9A-F]{8})-([0-9A-F]{8})/.exec(key) ?? [];
  if (point === undefined) return undefined;
  const plain = (digits: string): string => digits.replace(/^0+(?=.)/, '');
  return { point, timeline: Number(timeline), lsn: `${plain(high)}/${plain(low)}` };
}

/** Every object of every point. */
export function listPointObjects(storage: Storage): AsyncIterable<ObjectInfo> {
  return storage.list(prefix);
}

export async function storePoint(vault: Vault, point: DrillPoint): Promise<string> {
  const key = keyOf(point);
  const artifact = await vault.write(key, Buffer.from(JSON.stringify(pointShape.parse(point))));
  await vault.storage.put(`${key}.json`, Buffer.from(JSON.stringify({ format: 1, artifact })), {
    contentType: 'application/json',
  });
  return key;
}

/** Keys of all points of a timeline, in the order of the log. */
export async function listPoints(vault: Vault, timeline: number): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of vault.storage.list(`${prefix}${timeline}/`)) {
    if (key.endsWith('.json')) keys.push(key.slice(0, -'.json'.length));
  }
  return keys.sort();
}

function parsed<Shape>(shape: z.ZodType<Shape>, text: Buffer, key: string): Shape {
  try {
    return shape.parse(JSON.parse(text.toString('utf8')));
  } catch (error) {
    throw new StoaError('backup.damaged', `${key} is damaged: it is not what a point is noted as.`, {
      cure: 'Remove it; the next backup has another point behind it. Until then drill with "--to latest".',
      exitCode: exitCodes.checkFailed,
      cause: error,
    });
  }
}

/** Refuses backup.damaged, backup.no_key, storage.missing. */
export async function readPoint(vault: Vault, key: string): Promise<DrillPoint> {
  const noteKey = `${key}.json`;
  const { artifact } = parsed(storedShape, await readObject(vault.storage, noteKey), noteKey);
  return parsed(pointShape, await buffer(await vault.read(artifact)), artifact.key);
}

/** A short name of a long text: equal texts have equal ones. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function quoted(name: string): string {
  return pg.escapeIdentifier(name);
}
