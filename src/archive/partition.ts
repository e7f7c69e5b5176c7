import type { Client } from 'pg';
import pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { beginExport, recordVerified } from './catalog.ts';
import type { ArchiveColumn, ArchiveManifest } from './manifest.ts';
import { verifyArchive } from './read.ts';
import { type ArchiveSession, throwIfStopped } from './session.ts';
import { writeArchive } from './write.ts';

/** The columns of a table that hold something of their own, and how they are selected. */
export async function columnsOf(
  client: Client,
  table: string,
): Promise<readonly { readonly name: string; readonly type: string }[]> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type
     from pg_catalog.pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''
     order by attnum`,
    [table],
  );
  return rows;
}

interface PartitionFacts {
  readonly bounds: string;
  readonly blanks: Readonly<Record<string, string | null>>;
  readonly size: number;
}

/** Of a partition, or of a table that was one and is on its way out. */
async function factsOf(client: Client, parent: string, partition: string): Promise<PartitionFacts> {
  const { rows } = await client.query<PartitionFacts>(
    `select
       coalesce(
         (select pg_get_expr(child.relpartbound, child.oid)
          from pg_catalog.pg_class as child
          join pg_catalog.pg_inherits as link on link.inhrelid = child.oid
          where child.oid = to_regclass($2) and link.inhparent = to_regclass($1)),
         (select leaving.bounds
          from ops.partition_retirements as leaving
          where leaving.partition = $2 and leaving.parent = $1 and to_regclass($2) is not null)
       ) as bounds,
       policy.export_blanks as blanks,
       coalesce(pg_table_size(to_regclass($2)), 0)::float8 as size
     from ops.partition_policies as policy
     where policy.parent = $1`,
    [parent, partition],
  );
  const [facts] = rows;
  if (facts === undefined) {
    throw new StoaError(
      'archive.parent_unknown',
      `${parent} is not a table with partitions that Stoa keeps.`,
      {
        cure: 'The tables are in ops.partition_policies; "stoa retention plan" lists those whose partitions are dropped.',
        exitCode: exitCodes.usage,
      },
    );
  }
  if (!facts.bounds) {
    throw new StoaError('archive.partition_unknown', `${partition} is not a partition of ${parent}.`, {
      cure: 'Name it with its schema, as in parts.audit_logs_2026_01.',
      exitCode: exitCodes.usage,
    });
  }
  return facts;
}

/** Exports a partition, reads the archive back and writes down that it did. */
export async function archivePartition(
  session: ArchiveSession,
  parent: string,
  partition: string,
  onRows?: (rows: number) => void,
): Promise<ArchiveManifest> {
  const { client, storage, transforms, signal } = session;
  throwIfStopped(signal);
  const { bounds, blanks, size } = await factsOf(client, parent, partition);
  const columns: ArchiveColumn[] = [];
  const selected: string[] = [];
  for (const { name, type } of await columnsOf(client, partition)) {
    const blank = blanks[name];
    columns.push({ name, type, isBlanked: blank !== undefined });
    const column = pg.escapeIdentifier(name);
    if (blank === undefined) selected.push(column);
    else selected.push(`${blank === null ? 'null' : pg.escapeLiteral(blank)}::${type} as ${column}`);
  }
  const subject = { kind: 'partition', parent, name: partition, bounds, scope: {}, columns } as const;
  await beginExport(client, { ...subject });
  const manifest = await writeArchive(
    client,
    storage,
    { ...subject, query: `select ${selected.join(', ')} from ${partition}`, expectedSize: size },
    { transforms, ...(signal === undefined ? {} : { signal }), ...(onRows === undefined ? {} : { onRows }) },
  );
  throwIfStopped(signal);
  await verifyArchive(storage, manifest, transforms);
  await recordVerified(client, manifest);
  return manifest;
}
