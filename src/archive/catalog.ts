import type { Client } from 'pg';
import type { ArchiveManifest } from './manifest.ts';
import { manifestKey } from './manifest.ts';

/** A row of ops.archive_exports. */
export interface ArchiveExport {
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly kind: 'partition' | 'rows';
  readonly scope: Readonly<Record<string, unknown>>;
  readonly rows: number;
  readonly bytes: number;
  readonly manifest: string;
  readonly exportedAt: Date | null;
  readonly verifiedAt: Date | null;
  /** When the partition was dropped, or the rows were deleted. */
  readonly droppedAt: Date | null;
  /** Nobody who was erased before this is in it. */
  readonly scrubbedAt: Date | null;
}

const selectExports = `
  select
    id, parent, partition as name, kind, scope, row_count::float8 as rows, size_bytes::float8 as bytes,
    location as manifest, exported_at as "exportedAt", verified_at as "verifiedAt", dropped_at as "droppedAt",
    scrubbed_at as "scrubbedAt"
  from ops.archive_exports`;

export async function listArchives(client: Client, parent?: string): Promise<ArchiveExport[]> {
  const { rows } = await client.query<ArchiveExport>(
    `${selectExports} where $1::text is null or parent = $1 order by parent, partition`,
    [parent ?? null],
  );
  return rows;
}

export async function findArchive(
  client: Client,
  parent: string,
  name: string,
): Promise<ArchiveExport | undefined> {
  const { rows } = await client.query<ArchiveExport>(
    `${selectExports} where parent = $1 and partition = $2`,
    [parent, name],
  );
  return rows[0];
}

/** What nobody has looked into since somebody was erased whom it may hold. */
export async function archivesToScrub(client: Client): Promise<ArchiveExport[]> {
  const { rows } = await client.query<ArchiveExport>(
    `${selectExports} as export
     where verified_at is not null
       and (kind = 'partition' or dropped_at is not null)
       and exists (
         select
         from audit.erasures as done
         where done.finished_at > coalesce(export.scrubbed_at, export.exported_at)
       )
       and exists (
         select
         from ops.personal_data_rules as rule
         where rule.table_name = export.parent and rule.action in ('delete', 'scrub')
       )`,
  );
  return rows;
}

/** Exports of rows that were cut off before the rows were deleted. */
export async function openRowArchives(client: Client, parent: string): Promise<ArchiveExport[]> {
  const { rows } = await client.query<ArchiveExport>(
    `${selectExports} where parent = $1 and kind = 'rows' and dropped_at is null order by id`,
    [parent],
  );
  return rows;
}

/** Written before the first byte. An export that there was under this name is replaced. */
export async function beginExport(
  client: Client,
  subject: Pick<ArchiveManifest, 'kind' | 'parent' | 'name' | 'scope'>,
): Promise<void> {
  await client.query(
    `insert into ops.archive_exports (parent, partition, kind, scope, row_count, location, sha256)
     values ($1, $2, $3, $4, 0, $5, '')
     on conflict (parent, partition) do update
     set kind = excluded.kind, scope = excluded.scope, row_count = 0, size_bytes = 0, sha256 = '',
         exported_at = null, verified_at = null, dropped_at = null, scrubbed_at = null`,
    [
      subject.parent,
      subject.name,
      subject.kind,
      JSON.stringify(subject.scope),
      manifestKey(subject.parent, subject.name),
    ],
  );
}

export async function recordVerified(client: Client, manifest: ArchiveManifest): Promise<void> {
  await client.query(
    `update ops.archive_exports
     set row_count = $3, size_bytes = $4, sha256 = decode($5, 'hex'), exported_at = $6, verified_at = clock_timestamp()
     where parent = $1 and partition = $2`,
    [
      manifest.parent,
      manifest.name,
      manifest.rows,
      manifest.file.bytes,
      manifest.file.sha256,
      manifest.exportedAt,
    ],
  );
}

export async function recordScrubbed(client: Client, parent: string, name: string): Promise<void> {
  await client.query(
    'update ops.archive_exports set scrubbed_at = now() where parent = $1 and partition = $2',
    [parent, name],
  );
}

export async function recordRemoved(client: Client, parent: string, name: string): Promise<void> {
  await client.query(
    'update ops.archive_exports set dropped_at = clock_timestamp() where parent = $1 and partition = $2',
    [parent, name],
  );
}
