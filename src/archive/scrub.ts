import pg from 'pg';
import { StoaError } from '../errors.ts';
import { type ArchiveExport, archivesToScrub, recordScrubbed, recordVerified } from './catalog.ts';
import { type ArchiveManifest, archiveFolder, manifestKey, readManifest } from './manifest.ts';
import { archivePartition } from './partition.ts';
import { verifyArchive } from './read.ts';
import { restoreAside } from './restore.ts';
import { type ArchiveSession, throwIfStopped, withTableToMyself } from './session.ts';
import { writeArchive } from './write.ts';

export interface Scrubbing {
  readonly parent: string;
  readonly name: string;
  /**
   * `clean`: nobody who was erased is in it. `scrubbed`: it was written anew without them. `exported`: its rows are still in the
   * database, and were exported again. `held`: a legal hold keeps rows of it. `left`: the old object could not be removed.
   */
  readonly outcome: 'clean' | 'scrubbed' | 'exported' | 'held' | 'left';
  /** Rows that were taken out, or emptied of what was theirs. */
  readonly erased: number;
}

async function isHeld({ client }: ArchiveSession, parent: string, table: string): Promise<boolean> {
  const { rows: conditions } = await client.query<{ held: string | null }>(
    'select ops.held_condition($1) as held',
    [parent],
  );
  const held = conditions[0]?.held ?? null;
  if (held === null) return false;
  const { rows } = await client.query<{ is_held: boolean }>(
    `select exists (select from ${table} as target where ${held}) as is_held`,
  );
  return rows[0]?.is_held ?? false;
}

/** Everything of an archive that its manifest does not name: what was there before, or what a run before left. */
async function removeOld(
  { storage }: ArchiveSession,
  { parent, name, file }: ArchiveManifest,
): Promise<boolean> {
  const kept = [manifestKey(parent, name), file.key];
  try {
    for await (const { key } of storage.list(`${archiveFolder(parent, name)}/`)) {
      if (!kept.includes(key)) await storage.delete(key);
    }
    return true;
  } catch (error) {
    if (error instanceof StoaError && error.code === 'storage.denied') return false;
    throw error;
  }
}

/** The manifest is replaced last, in one step: until then the archive is what it was, from then on what it should be. */
async function scrubOne(session: ArchiveSession, { parent, name }: ArchiveExport): Promise<Scrubbing> {
  const { client, storage, transforms, signal } = session;
  let manifest = await readManifest(storage, manifestKey(parent, name));
  const beside = 'pg_temp.scrubbed';
  const { erased } = await restoreAside(session, manifest, beside, { isLog: true });
  if (erased > 0 && (await isHeld(session, parent, beside)))
    return { parent, name, outcome: 'held', erased: 0 };
  if (erased > 0) {
    const { kind, bounds, scope, columns } = manifest;
    const query = `select ${columns.map((column) => pg.escapeIdentifier(column.name)).join(', ')} from ${beside}`;
    manifest = await writeArchive(
      client,
      storage,
      { kind, parent, name, bounds, scope, columns, query, isBesideTheOld: true },
      { transforms, ...(signal === undefined ? {} : { signal }) },
    );
    await verifyArchive(storage, manifest, transforms);
  }
  // Also where a run before was cut off between the two.
  await recordVerified(client, manifest);
  await recordScrubbed(client, parent, name);
  const isGone = await removeOld(session, manifest);
  return { parent, name, outcome: isGone ? (erased > 0 ? 'scrubbed' : 'clean') : 'left', erased };
}

/**
 * Takes everybody who was erased out of the archives that are older than their erasure: what an archive holds is compared with
 * the rules of erasure, and it is written anew where that finds anything. Cut off anywhere, every archive is whole.
 */
export async function scrubArchives(
  session: ArchiveSession,
  onDone: (done: number, total: number, name: string) => void = () => {},
): Promise<readonly Scrubbing[]> {
  const { client } = session;
  const found: Scrubbing[] = [];
  const all = await archivesToScrub(client);
  for (const archive of all) {
    throwIfStopped(session.signal);
    const { parent, name, droppedAt } = archive;
    found.push(
      await withTableToMyself(client, parent, async () => {
        if (droppedAt === null) {
          // The erasure has been through these rows.
          const manifest = await archivePartition(session, parent, name);
          await recordScrubbed(client, parent, name);
          await removeOld(session, manifest);
          return { parent, name, outcome: 'exported', erased: 0 };
        }
        await client.query('begin');
        try {
          const scrubbing = await scrubOne(session, archive);
          await client.query('drop table pg_temp.scrubbed');
          await client.query(scrubbing.outcome === 'held' ? 'rollback' : 'commit');
          return scrubbing;
        } catch (error) {
          await client.query('rollback').catch(() => {});
          throw error;
        }
      }),
    );
    onDone(found.length, all.length, name);
  }
  return found;
}
