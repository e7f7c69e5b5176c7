import { exitCodes, StoaError } from '../errors.ts';
import {
  type ArchiveExport,
  beginExport,
  findArchive,
  openRowArchives,
  recordRemoved,
  recordVerified,
} from './catalog.ts';
import { type ArchiveColumn, type ArchiveManifest, readManifest } from './manifest.ts';
import { archivedRows, verifyArchive } from './read.ts';
import { type ArchiveSession, throwIfStopped } from './session.ts';
import { writeArchive } from './write.ts';

/** Rows of a table that leave it together: exported, read back, then deleted as far as the archive holds them. */
export interface RowArchive {
  readonly parent: string;
  /** What they have in common; unique among the archives of the table. */
  readonly name: string;
  /** Says again which they are, when the run was cut off. */
  readonly scope: Readonly<Record<string, unknown>>;
  readonly columns: readonly ArchiveColumn[];
  readonly query: string;
  /** Which columns `remove` is given, in this order. */
  readonly keyColumns: readonly string[];
  /** Deletes what it may of these rows, in a transaction, and answers how many. */
  remove(keys: readonly (readonly string[])[]): Promise<number>;
}

export interface RowsMoved {
  readonly name: string;
  readonly archived: number;
  readonly deleted: number;
  readonly bytes: number;
}

const atOnce = 5_000;

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** A field of COPY's text format that is not null (PostgreSQL manual, COPY, "Text Format"). */
function unescaped(field: string): string {
  return field.replace(/\\(.)/g, (_whole, letter: string) => escapes[letter] ?? letter);
}

async function removeArchived(
  { storage, transforms, signal }: ArchiveSession,
  archive: RowArchive,
  manifest: ArchiveManifest,
): Promise<number> {
  const places = archive.keyColumns.map((name) =>
    manifest.columns.findIndex((column) => column.name === name),
  );
  if (places.includes(-1)) {
    throw new StoaError(
      'archive.key_missing',
      `The archive ${archive.name} does not hold the key of its rows.`,
      {
        cure: 'Delete its row from ops.archive_exports: it will be made again.',
        exitCode: exitCodes.checkFailed,
      },
    );
  }
  let deleted = 0;
  let batch: string[][] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    throwIfStopped(signal);
    deleted += await archive.remove(batch);
    batch = [];
  };
  for await (const fields of archivedRows(storage, manifest, transforms)) {
    batch.push(places.map((place) => unescaped(fields[place] ?? '')));
    if (batch.length === atOnce) await flush();
  }
  await flush();
  return deleted;
}

/**
 * Goes on where a run of the same archive was cut off: an export that was not verified is made again, one that was is
 * read back and deleted from.
 */
export async function moveRows(session: ArchiveSession, archive: RowArchive): Promise<RowsMoved> {
  const { client, storage, transforms, signal } = session;
  const known = await findArchive(client, archive.parent, archive.name);
  let manifest: ArchiveManifest;
  if (known?.verifiedAt) {
    manifest = await readManifest(storage, known.manifest);
    // All of it before the first row goes: a damage at its end would be found too late.
    await verifyArchive(storage, manifest, transforms);
  } else {
    const subject = { kind: 'rows', bounds: null, ...archive } as const;
    await beginExport(client, { ...subject, scope: { ...archive.scope } });
    manifest = await writeArchive(client, storage, subject, {
      transforms,
      ...(signal === undefined ? {} : { signal }),
    });
    await verifyArchive(storage, manifest, transforms);
    await recordVerified(client, manifest);
  }
  const deleted = await removeArchived(session, archive, manifest);
  await recordRemoved(client, archive.parent, archive.name);
  return { name: archive.name, archived: manifest.rows, deleted, bytes: manifest.file.bytes };
}

/** What runs before left open, by what its scope says. */
export async function unfinishedRows(
  session: ArchiveSession,
  parent: string,
  isMine: (scope: ArchiveExport['scope']) => boolean,
): Promise<readonly ArchiveExport[]> {
  return (await openRowArchives(session.client, parent)).filter(({ scope }) => isMine(scope));
}

/** The name, or the name with the next number where an archive of that name is complete. */
export async function freeName(session: ArchiveSession, parent: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}.${number}`;
    const known = await findArchive(session.client, parent, candidate);
    if (!known?.droppedAt) return candidate;
  }
}
