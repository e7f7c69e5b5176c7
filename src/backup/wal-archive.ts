import type { Readable } from 'node:stream';
import { z } from 'zod';
import { exitCodes, StoaError } from '../errors.ts';
import { readObject } from '../storage/read.ts';
import { artifactSchema } from './catalog.ts';
import { headerKey, type Vault } from './vault.ts';

/**
 * Write-ahead log in the storage. A whole segment is `wal/<timeline>/<segment>`, the beginning of the one that is being
 * written `wal/<timeline>/<segment>.partial.1` or `.2`, and the history of a timeline `wal/<timeline>/<timeline>.history`; beside
 * each object lies a note of what must come out of it, written after it: an object without its note is not there.
 */
const walPrefix = 'wal/';

const noteSchema = z.strictObject({
  format: z.literal(1),
  /** `000000010000000000000003`, `….partial`, or `00000002.history`. */
  name: z.string(),
  systemIdentifier: z.string().regex(/^\d+$/),
  archivedAt: z.iso.datetime(),
  artifact: artifactSchema,
});

export type ArchivedWal = z.infer<typeof noteSchema>;

/** Names as the server gives them: segment, beginning of one, history of a timeline. */
export function isWalName(name: string): boolean {
  return /^(?:[0-9A-F]{24}(?:\.partial)?|[0-9A-F]{8}\.history)$/.test(name);
}

function keyOf(name: string): string {
  return `${walPrefix}${name.slice(0, 8)}/${name}`;
}

/**
 * A beginning is replaced while it grows, and whoever is cut off between object and note must leave the note of an object that
 * is there: the two places of it take turns.
 */
function objectOf(name: string, replaced: ArchivedWal | undefined): string {
  if (!name.endsWith('.partial')) return keyOf(name);
  const first = `${keyOf(name)}.1`;
  return replaced?.artifact.key.startsWith(`${first}.`) ? `${keyOf(name)}.2` : first;
}

/** Puts a file of WAL into the storage, in place of an older one of its name (a beginning grows). */
export async function archiveWal(
  vault: Vault,
  name: string,
  body: Readable | Uint8Array,
  systemIdentifier: string,
): Promise<ArchivedWal> {
  if (!isWalName(name)) throw new TypeError(`${JSON.stringify(name)} is no file of WAL`);
  const replaced = name.endsWith('.partial') ? await findWal(vault, name) : undefined;
  const artifact = await vault.write(objectOf(name, replaced), body);
  const archivedAt = new Date().toISOString();
  const note = noteSchema.parse({ format: 1, name, systemIdentifier, archivedAt, artifact });
  await vault.storage.put(`${keyOf(name)}.json`, Buffer.from(`${JSON.stringify(note)}\n`), {
    contentType: 'application/json',
  });
  if (replaced !== undefined) {
    await vault.storage.delete(replaced.artifact.key);
    await vault.storage.delete(headerKey(replaced.artifact.key));
  }
  return note;
}

/** Undefined where there is none of that name. Refuses backup.damaged. */
export async function findWal(vault: Vault, name: string): Promise<ArchivedWal | undefined> {
  const key = `${keyOf(name)}.json`;
  if ((await vault.storage.head(key)) === undefined) return undefined;
  const text = (await readObject(vault.storage, key)).toString('utf8');
  try {
    return noteSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StoaError('backup.damaged', `The note ${key} cannot be read.`, {
      cure: 'Recover to a moment before that segment, or from a backup after it.',
      exitCode: exitCodes.checkFailed,
      cause: error,
    });
  }
}

/** Names of everything that is archived, of one timeline or of all, in the order of the log. */
export async function listWal(vault: Vault, timeline?: number): Promise<readonly string[]> {
  const folder = timeline === undefined ? '' : `${timelineName(timeline)}/`;
  const names: string[] = [];
  for await (const { key } of vault.storage.list(`${walPrefix}${folder}`)) {
    const name = /\/([^/]+)\.json$/.exec(key)?.[1];
    if (name !== undefined && isWalName(name)) names.push(name);
  }
  return names.sort();
}

export async function removeWal(vault: Vault, wal: ArchivedWal): Promise<void> {
  await vault.storage.delete(`${keyOf(wal.name)}.json`);
  await vault.storage.delete(headerKey(wal.artifact.key));
  await vault.storage.delete(wal.artifact.key);
}

/** Eight hexadecimal digits, as names of WAL begin. */
export function timelineName(timeline: number): string {
  return timeline.toString(16).toUpperCase().padStart(8, '0');
}
