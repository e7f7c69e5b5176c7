import { z } from 'zod';
import { exitCodes, StoaError } from '../errors.ts';
import { readObject } from '../storage/read.ts';
import type { Storage } from '../storage/storage.ts';

/** Below this lie all backups: `backups/<id>/…`, each with its entry, which is written last. */
export const backupsPrefix = 'backups/';

const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const artifactSchema = z.strictObject({
  key: z.string(),
  size: z.int().nonnegative(),
  sha256: sha256.optional(),
  storedSize: z.int().nonnegative(),
  storedSha256: sha256.optional(),
});

const idForm = /^\d{8}T\d{6}Z-[a-z]+-[0-9a-f]{6}$/;

export function isBackupId(text: string): boolean {
  return idForm.test(text);
}

const shared = {
  format: z.literal(1),
  /** `20261121T030000Z-base-3f9c1a`: when it began, what it is, and something that no other has. */
  id: z.string().regex(idForm),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** `server_version_num`. */
  serverVersion: z.int(),
  /** Of the cluster, as a text: larger than what a number of JSON holds. */
  systemIdentifier: z.string().regex(/^\d+$/),
  /** The newest migration that had been applied, as `20261121000200_ops_tables`. */
  migration: z.string().optional(),
  /** For whom it is encrypted; none: it is not. */
  recipients: z.array(z.string()),
  artifacts: z.record(z.string(), artifactSchema),
};

/** A whole copy of the files of a cluster, or what changed of them since another. */
const physicalSchema = z.strictObject({
  ...shared,
  kind: z.enum(['base', 'increment']),
  /** The backup that an increment is laid over. */
  parent: z.string().optional(),
  timeline: z.int().positive(),
  /** Recovery begins here and is consistent from `endLsn` on. */
  startLsn: lsn,
  endLsn: lsn,
  /** Bytes of a file of the log; 16 MiB where it is left out. */
  walSegmentSize: z.int().positive().optional(),
  /** Left out where there is none. The files of each are an archive `<oid>.tar` of a base, and in the one delta of an increment. */
  tablespaces: z
    .array(
      z.strictObject({
        oid: z.string().regex(/^\d{1,10}$/),
        /** On the server that was backed up. `pg_tblspc/<oid>`: inside of its data directory. */
        location: z.string().min(1),
        /** Bytes of its files. */
        size: z.int().nonnegative(),
      }),
    )
    .optional(),
  label: z.string().optional(),
});

/** Rows of tables of some tiers, of one moment. */
const logicalSchema = z.strictObject({
  ...shared,
  kind: z.literal('logical'),
  tiers: z.array(z.enum(['A', 'B', 'C', 'D'])).min(1),
  /** What was committed before this is in it. */
  lsn,
});

export const backupEntrySchema = z.discriminatedUnion('kind', [physicalSchema, logicalSchema]);

export type PhysicalBackup = z.infer<typeof physicalSchema>;
export type BackedUpTablespace = NonNullable<PhysicalBackup['tablespaces']>[number];
export type LogicalBackup = z.infer<typeof logicalSchema>;
export type BackupEntry = z.infer<typeof backupEntrySchema>;

/** Of a backup that begins now. Sorted, they are in the order of time. */
export function newBackupId(kind: BackupEntry['kind'], now: Date, random: Buffer): string {
  const time = now
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  return `${time}-${kind}-${random.subarray(0, 3).toString('hex')}`;
}

export function artifactName(id: string, name: string): string {
  return `${backupsPrefix}${id}/${name}`;
}

export function entryKey(id: string): string {
  return artifactName(id, 'backup.json');
}

/** From here on the backup exists. Call it when everything it names is in the storage. */
export async function writeEntry(storage: Storage, entry: BackupEntry): Promise<void> {
  const text = `${JSON.stringify(backupEntrySchema.parse(entry), undefined, 2)}\n`;
  await storage.put(entryKey(entry.id), Buffer.from(text), { contentType: 'application/json' });
}

/** Refuses backup.unknown, backup.damaged. */
export async function readEntry(storage: Storage, id: string): Promise<BackupEntry> {
  const isThere = /^[A-Za-z0-9-]+$/.test(id) && (await storage.head(entryKey(id))) !== undefined;
  if (!isThere) {
    throw new StoaError('backup.unknown', `There is no backup ${id} in ${storage.description}.`, {
      cure: 'Look at "stoa backup list".',
      exitCode: exitCodes.input,
    });
  }
  const text = (await readObject(storage, entryKey(id))).toString('utf8');
  try {
    return backupEntrySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StoaError('backup.damaged', `The entry of backup ${id} cannot be read.`, {
      cure: 'Use another backup, or a newer release of Stoa when a newer one has written it.',
      exitCode: exitCodes.checkFailed,
      cause: error,
    });
  }
}

/** From here on the backup does not exist any more, although what it names may still be there. */
export async function removeEntry(storage: Storage, id: string): Promise<void> {
  await storage.delete(entryKey(id));
}

/** Ids of what has an entry, oldest first. What was interrupted has none and is not here. */
export async function listBackups(storage: Storage): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { key } of storage.list(backupsPrefix)) {
    const id = /^backups\/([^/]+)\/backup\.json$/.exec(key)?.[1];
    if (id !== undefined) ids.push(id);
  }
  return ids.sort();
}

/** Ids of what was begun and has no entry, oldest first: interrupted, or still under way. */
export async function listUnfinished(storage: Storage): Promise<readonly string[]> {
  const begun = new Set<string>();
  for await (const { key } of storage.list(backupsPrefix)) begun.add(key.split('/')[1] ?? '');
  for (const id of await listBackups(storage)) begun.delete(id);
  return [...begun].sort();
}
