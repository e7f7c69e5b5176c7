import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import pg from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { artifactName, newBackupId, type PhysicalBackup, readEntry, writeEntry } from '../catalog.ts';
import type { Compression } from '../compression.ts';
import { DeltaWriter } from '../increment/delta.ts';
import { type EntryEvent, entriesOf, incrementOf } from '../increment/entries.ts';
import { joinedIndexes } from '../increment/index-object.ts';
import type { Parent } from '../increment/parent.ts';
import { type BackupArchive, startBaseBackup } from '../replication/base-backup.ts';
import { connectReplication, identifySystem, showSetting } from '../replication/connection.ts';
import type { Artifact, Vault } from '../vault.ts';
import { parseSegmentSize } from '../wal/position.ts';
import { Inspecting } from './inspecting.ts';
import { compareFiles, ManifestError, type ManifestFile, parseManifest } from './manifest.ts';
import { TarError, TarReader } from './tar.ts';

export interface CreateOptions {
  /** A login that may replicate. */
  readonly url: string;
  readonly vault: Vault;
  /** For people; kept in the entry and in the server's `backup_label`. */
  readonly label?: string;
  /** Megabytes a second at most. */
  readonly rate?: number;
  /** `secrets.json` of the data folder. Taken along only where backups are encrypted. */
  readonly secrets?: Uint8Array;
  /** The newest migration that had been applied. */
  readonly migration?: string;
  /** Hash each block too, so that an increment can be laid over it. */
  readonly hasIndex?: boolean;
  /** Of the files of the server; what lies beside them is small. */
  readonly compression?: Compression;
  /** Given that index too, for whoever takes the next increment and cannot read the one in the storage. */
  readonly onIndex?: (id: string, index: Uint8Array) => Promise<void>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, expected: number) => void;
  readonly now?: Date;
}

/** What a base backup consists of; an artifact each. Each tablespace is another one, `<oid>.tar`. */
export const baseArtifacts = {
  archive: 'base.tar',
  manifest: 'backup_manifest',
  secrets: 'secrets.json',
  /** What the next increment is compared with. A restore needs none. */
  index: 'blocks.index',
} as const;

/** What an increment has in place of the archive. */
export const deltaArtifact = 'increment.delta';

export function interrupted(): StoaError {
  return new StoaError('backup.interrupted', 'It was stopped before it was done; nothing of it counts.', {
    cure: 'Start it again; "stoa backup prune" removes what is left over.',
    exitCode: exitCodes.interrupted,
  });
}

function listed(faults: readonly string[]): string {
  const shown = faults.slice(0, 5).join('; ');
  return faults.length > 5 ? `${shown}; and ${faults.length - 5} more` : shown;
}

function explain(error: unknown, warnings: readonly string[]): unknown {
  if (error instanceof StoaError) return error;
  const failed = (code: string, message: string, cure: string): StoaError =>
    new StoaError(`backup.${code}`, message, { cure, exitCode: exitCodes.database, cause: error });
  if (error instanceof TarError || error instanceof ManifestError) {
    return failed(
      'not_what_was_read',
      `What arrived is not what the server read: ${error.message}. Nothing was stored.`,
      'Try again; if it happens again, look for faults of the memory or the network.',
    );
  }
  if (error instanceof pg.DatabaseError) {
    if (error.code === 'XX001') {
      const pages = warnings.filter((text) => /checksum/i.test(text));
      return failed(
        'source_corrupted',
        `The database has damaged pages, so this backup was given up: ${listed(pages.length > 0 ? pages : [error.message])}.`,
        'Keep the backups that are there, find the tables (pg_class.relfilenode), and restore to a moment before the damage.',
      );
    }
    if (error.code === '42501' || error.code === '28000') {
      return failed(
        'may_not_replicate',
        `The login may not take backups: ${error.message}.`,
        'Set STOA_BACKUP_URL to a login with REPLICATION, and let it in for "replication" in pg_hba.conf.',
      );
    }
    return failed('server_refused', `The server ended the backup: ${error.message}.`, 'Look at its log.');
  }
  if (error instanceof Error && /Connection terminated|ECONNRESET|EPIPE|ended/i.test(error.message)) {
    return failed(
      'server_lost',
      'The connection to the server was lost before the backup was done; nothing of it counts.',
      'See that the server runs, and start the backup again.',
    );
  }
  return error;
}

async function requireSupported(client: pg.Client): Promise<number> {
  const version = Number(await showSetting(client, 'server_version_num'));
  if (version >= 150_000) return version;
  throw new StoaError('backup.server_version', `PostgreSQL ${Math.floor(version / 10_000)} is too old.`, {
    cure: 'Use 15 to 18.',
    exitCode: exitCodes.database,
  });
}

/** Removes what a backup without an entry has put into the storage; what cannot be removed now, prune removes. */
async function removeArtifacts(vault: Vault, artifacts: readonly Artifact[]): Promise<void> {
  for (const { key } of artifacts) await vault.storage.delete(key).catch(() => false);
}

function requireParent(
  { entry }: Parent,
  cluster: { readonly systemIdentifier: string; readonly timeline: number },
): void {
  if (entry.systemIdentifier === cluster.systemIdentifier && entry.timeline === cluster.timeline) return;
  throw new StoaError(
    'backup.other_parent',
    `${entry.id} is of timeline ${entry.timeline} of cluster ${entry.systemIdentifier}; this is timeline ${cluster.timeline} of ${cluster.systemIdentifier}.`,
    { cure: 'Take a whole backup: stoa backup create.', exitCode: exitCodes.refused },
  );
}

function sizeWithin(files: ReadonlyMap<string, ManifestFile>, oid: string): number {
  let sum = 0;
  for (const [path, { size }] of files) if (path.startsWith(`pg_tblspc/${oid}/`)) sum += size;
  return sum;
}

/** For whoever has done with a piece when it asks for the next. */
async function* counted(
  archive: AsyncIterable<Buffer<ArrayBuffer>>,
  onBytes: (bytes: number) => void,
  recycle: (bytes: Buffer<ArrayBuffer>) => void,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  let read = 0;
  for await (const bytes of archive) {
    read += bytes.length;
    onBytes(read);
    yield bytes;
    recycle(bytes);
  }
}

/**
 * Takes a base backup: from the server through verification, compression and encryption into the storage in one pass,
 * with nothing staged on a disk. It exists once its entry is written, which is last. Refuses backup.source_corrupted,
 * backup.server_lost, backup.interrupted, backup.may_not_replicate, and what the storage refuses.
 */
export function createBaseBackup(options: CreateOptions): Promise<PhysicalBackup> {
  return create(options, undefined);
}

/**
 * The same, of which only those blocks are stored that are not in its parent: the server is read as a whole, and the
 * result is worth as much as a base as long as the parent is there. Refuses also backup.other_parent.
 */
export function createIncrement(options: CreateOptions, parent: Parent): Promise<PhysicalBackup> {
  return create(options, parent);
}

async function create(options: CreateOptions, parent: Parent | undefined): Promise<PhysicalBackup> {
  const { vault, signal, onProgress = () => {} } = options;
  const kind = parent === undefined ? 'base' : 'increment';
  const hasIndex = parent !== undefined || options.hasIndex === true;
  const startedAt = options.now ?? new Date();
  const id = newBackupId(kind, startedAt, randomBytes(3));
  const label = options.label ?? id;
  const warnings: string[] = [];
  const artifacts: Record<string, Artifact> = {};
  let archives: Readable | undefined;
  let inspecting: Inspecting | undefined;
  const giveUp = (): void => void archives?.destroy(interrupted());
  const client = await connectReplication(options.url, 'backup').catch((error: unknown) => {
    throw explain(error, warnings);
  });
  client.on('notice', ({ message }) => {
    if (message !== undefined) warnings.push(message);
  });
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal?.aborted) throw interrupted();
    const serverVersion = await requireSupported(client);
    const walSegmentSize = parseSegmentSize(await showSetting(client, 'wal_segment_size'));
    const { systemIdentifier } = await identifySystem(client);
    const backup = startBaseBackup(client, {
      label: `stoa ${label}`,
      hasTablespaceMap: serverVersion >= 160_000,
      ...(options.rate === undefined ? {} : { maxRate: Math.round(options.rate * 1000) }),
    });
    archives = backup.archives;
    const start = await backup.started;
    if (parent !== undefined) requireParent(parent, { systemIdentifier, timeline: start.timeline });
    if (signal?.aborted) throw interrupted();
    const files = new Map<string, ManifestFile>();
    let isCompared = false;
    const inspect = async (archive: BackupArchive): Promise<Inspecting> => {
      await inspecting?.close();
      inspecting = new Inspecting({
        hasIndex: parent === undefined && hasIndex,
        within: archive.within,
        async approve(inspected) {
          for (const [path, file] of inspected.files) files.set(path, file);
          // The files of all archives together are those of the manifest, which comes behind the last.
          if (archive.name !== baseArtifacts.archive) return;
          const { manifest } = await backup.ended;
          const faults = compareFiles(parseManifest(manifest), files);
          if (faults.length > 0) throw new ManifestError(listed(faults));
          isCompared = true;
        },
      });
      return inspecting;
    };
    const { recycle } = backup;
    let before = 0;
    const onBytes = (bytes: number): void => onProgress(before + bytes, start.expectedSize);
    const writing = {
      expectedSize: start.expectedSize,
      ...(options.compression === undefined ? {} : { compression: options.compression }),
    };
    let index: Uint8Array | undefined;
    if (parent === undefined) {
      const indexes: Uint8Array[] = [];
      for await (const archive of backup.archives as AsyncIterable<BackupArchive>) {
        const passing = await inspect(archive);
        // What breaks the archive is what whoever stores it breaks with.
        const artifact = await vault.write(artifactName(id, archive.name), passing.pass(archive.body), {
          ...writing,
          onProgress: onBytes,
          recycle,
          // By the manifest, which a restore compares it with again.
          hasDigestsWithin: true,
        });
        artifacts[archive.name] = artifact;
        before += artifact.size;
        if (passing.inspected.index !== undefined) indexes.push(passing.inspected.index);
      }
      if (hasIndex) index = joinedIndexes(indexes);
    } else {
      const writer = new DeltaWriter(parent.index);
      async function* events(): AsyncGenerator<EntryEvent> {
        for await (const archive of backup.archives as AsyncIterable<BackupArchive>) {
          let size = 0;
          const onArchive = (bytes: number): void => {
            size = bytes;
            onBytes(bytes);
          };
          const passing = (await inspect(archive)).pass(archive.body);
          yield* entriesOf(counted(passing, onArchive, recycle), new TarReader(archive.within));
          before += size;
        }
      }
      artifacts[deltaArtifact] = await vault.write(
        artifactName(id, deltaArtifact),
        Readable.from(incrementOf(events(), writer), { objectMode: false }),
        writing,
      );
      index = writer.index.encode();
    }
    if (index !== undefined) {
      artifacts[baseArtifacts.index] = await vault.write(artifactName(id, baseArtifacts.index), index);
      await options.onIndex?.(id, index);
    }
    const end = await backup.ended;
    if (!isCompared) throw new ManifestError('there is no archive of the data directory');
    artifacts[baseArtifacts.manifest] = await vault.write(
      artifactName(id, baseArtifacts.manifest),
      end.manifest,
    );
    if (options.secrets !== undefined && vault.recipients.length > 0) {
      artifacts[baseArtifacts.secrets] = await vault.write(
        artifactName(id, baseArtifacts.secrets),
        options.secrets,
      );
    }
    if (signal?.aborted) throw interrupted();
    // Somebody may have removed it meanwhile, and without it this is nothing.
    if (parent !== undefined) await readEntry(vault.storage, parent.entry.id);
    await writeEntry(vault.storage, {
      format: 1,
      id,
      kind,
      ...(parent === undefined ? {} : { parent: parent.entry.id }),
      label,
      startedAt: startedAt.toISOString(),
      finishedAt: new Date(Math.max(Date.now(), startedAt.getTime())).toISOString(),
      serverVersion,
      systemIdentifier,
      ...(options.migration === undefined ? {} : { migration: options.migration }),
      recipients: [...vault.recipients],
      artifacts,
      timeline: start.timeline,
      startLsn: start.startLsn,
      endLsn: end.endLsn,
      walSegmentSize,
      ...(start.tablespaces.length === 0
        ? {}
        : { tablespaces: start.tablespaces.map((one) => ({ ...one, size: sizeWithin(files, one.oid) })) }),
    });
    const entry = await readEntry(vault.storage, id);
    if (entry.kind !== kind) throw new Error(`the entry of ${id} is that of another`);
    return entry;
  } catch (error) {
    const fault = signal?.aborted ? interrupted() : explain(error, warnings);
    archives?.destroy(fault instanceof Error ? fault : new Error(String(fault)));
    await removeArtifacts(vault, Object.values(artifacts));
    throw fault;
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await inspecting?.close();
    await client.end().catch(() => {});
  }
}
