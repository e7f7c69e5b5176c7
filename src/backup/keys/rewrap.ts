import { buffer } from 'node:stream/consumers';
import { exitCodes, StoaError } from '../../errors.ts';
import { headerSize, unwrapFileKey } from '../age.ts';
import { listBackups, readEntry, writeEntry } from '../catalog.ts';
import { headerKey, type Vault } from '../vault.ts';
import { findWal, listWal } from '../wal-archive.ts';
import { writeHeader } from './header.ts';

export interface RewrapOptions {
  /** Its recipients are those that shall be able to read; one of its identities must be able to by now. */
  readonly vault: Vault;
  readonly identities: readonly string[];
  readonly onProgress?: (done: number) => void;
}

export interface RewrapResult {
  readonly objects: number;
  /** Backups whose recipients are more than before. */
  readonly backups: readonly string[];
}

/** Headers have a few hundred bytes for each recipient. */
const enoughBytes = 64 * 1024;

async function headerOf(vault: Vault, key: string): Promise<Buffer> {
  const head = await buffer((await vault.storage.get(key, { first: 0, last: enoughBytes - 1 })).body);
  const size = headerSize(head);
  if (size !== undefined) return head.subarray(0, size);
  throw new StoaError('backup.damaged', `${key} is damaged: its header has no end.`, {
    cure: 'Use another backup; "stoa backup verify" tells which are whole.',
    exitCode: exitCodes.checkFailed,
  });
}

async function fileKeyOf(vault: Vault, key: string, identities: readonly string[]): Promise<Uint8Array> {
  try {
    return await unwrapFileKey(await headerOf(vault, key), identities);
  } catch (error) {
    const mayBeLater = error instanceof StoaError && error.code === 'backup.no_key';
    if (!mayBeLater || (await vault.storage.head(headerKey(key))) === undefined) throw error;
    return unwrapFileKey(await headerOf(vault, headerKey(key)), identities);
  }
}

/**
 * Lets the present recipients read what was encrypted for others: beside each object it writes a header with the same
 * file key for them. What is stored stays as it is, so whoever could read it still can. Refuses backup.no_key.
 */
export async function rewrap({
  vault,
  identities,
  onProgress = () => {},
}: RewrapOptions): Promise<RewrapResult> {
  const { storage, recipients } = vault;
  if (recipients.length === 0) {
    throw new StoaError('backup.no_recipients', 'No recipients are set, so there is nobody to wrap for.', {
      cure: 'Set STOA_BACKUP_RECIPIENTS to the public halves that shall be able to read.',
      exitCode: exitCodes.configuration,
    });
  }
  let objects = 0;
  const wrap = async (key: string): Promise<void> => {
    if (!key.endsWith('.age')) return;
    const fileKey = await fileKeyOf(vault, key, identities);
    await storage.put(headerKey(key), writeHeader(fileKey, recipients), {
      contentType: 'application/octet-stream',
    });
    objects += 1;
    onProgress(objects);
  };
  const backups: string[] = [];
  for (const id of await listBackups(storage)) {
    const entry = await readEntry(storage, id);
    for (const { key } of Object.values(entry.artifacts)) await wrap(key);
    const all = [...new Set([...entry.recipients, ...recipients])];
    if (entry.recipients.length > 0 && all.length > entry.recipients.length) {
      await writeEntry(storage, { ...entry, recipients: all });
      backups.push(id);
    }
  }
  for (const name of await listWal(vault)) {
    // The beginning of a file is written anew, with another key, while it grows.
    if (name.endsWith('.partial')) continue;
    const wal = await findWal(vault, name);
    if (wal) await wrap(wal.artifact.key);
  }
  return { objects, backups };
}
