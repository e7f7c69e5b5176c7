import { z } from 'zod';
import { exitCodes, StoaError } from '../errors.ts';
import { readObject } from '../storage/read.ts';
import type { Storage } from '../storage/storage.ts';

const columnShape = z.object({
  name: z.string(),
  /** As PostgreSQL writes it: `timestamp with time zone`. */
  type: z.string(),
  /** Whether something else was written in its place. */
  isBlanked: z.boolean(),
});

/**
 * What an archive is, beside the file that holds its rows: enough to count it, compare it and read it without the
 * database that it came from. It is written last, so an archive without one is no archive.
 */
const manifestShape = z.object({
  format: z.literal('stoa-archive'),
  version: z.literal(1),
  kind: z.enum(['partition', 'rows']),
  parent: z.string(),
  /** The partition as schema.table, or what the rows have in common. */
  name: z.string(),
  /** Of a partition: FOR VALUES FROM … TO …. */
  bounds: z.string().nullable(),
  scope: z.record(z.string(), z.unknown()),
  columns: z.array(columnShape).min(1),
  /** The newest migration of the database. */
  migration: z.string().nullable(),
  postgres: z.string(),
  exportedAt: z.iso.datetime({ offset: true }),
  rows: z.number().int().nonnegative(),
  /** The rows as COPY's text format, before any transform. */
  content: z.object({ bytes: z.number().int().nonnegative(), sha256: z.string() }),
  /** The object as it lies in the storage. */
  file: z.object({
    key: z.string(),
    bytes: z.number().int().nonnegative(),
    sha256: z.string(),
    /** In the order in which they were applied. */
    transforms: z.array(z.string()),
  }),
});

export type ArchiveManifest = z.infer<typeof manifestShape>;
export type ArchiveColumn = z.infer<typeof columnShape>;

/** Below which an archive lies. */
export function archiveFolder(parent: string, name: string): string {
  return `archives/${parent}/${name}`;
}

export function manifestKey(parent: string, name: string): string {
  return `${archiveFolder(parent, name)}/manifest.json`;
}

export async function readManifest(storage: Storage, key: string): Promise<ArchiveManifest> {
  const found = (await readObject(storage, key)).toString('utf8');
  try {
    return manifestShape.parse(JSON.parse(found));
  } catch (error) {
    throw new StoaError('archive.manifest_invalid', `${key} is not the manifest of an archive.`, {
      cure: 'Bring the object back from a copy of the storage.',
      exitCode: exitCodes.input,
      cause: error,
    });
  }
}

export async function writeManifest(storage: Storage, key: string, manifest: ArchiveManifest): Promise<void> {
  await storage.put(key, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`), {
    contentType: 'application/json',
  });
}
