import { createWriteStream } from 'node:fs';
import { chown, mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exitCodes, StoaError } from '../../errors.ts';
import type { RunAs } from '../../postgres/run-as.ts';
import type { Vault } from '../vault.ts';
import { findWal } from '../wal-archive.ts';

export interface FetchOptions {
  readonly vault: Vault;
  readonly names: readonly string[];
  readonly folder: string;
  readonly segmentSize: number;
  readonly systemIdentifier: string;
  readonly owner: RunAs | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A file of S3 takes longer to begin than to arrive. */
const concurrency = 4;

async function fetchOne(options: FetchOptions, name: string, attempt = 1): Promise<void> {
  const { vault, folder, segmentSize, systemIdentifier, owner } = options;
  const isBeginning = name.endsWith('.partial');
  const whole = name.replace(/\.partial$/, '');
  const wal = (await findWal(vault, name)) ?? (isBeginning ? await findWal(vault, whole) : undefined);
  if (!wal) {
    throw new StoaError('restore.log_missing', `${name} of the log is listed and not there.`, {
      cure: 'Try again; if it stays so, restore to a moment before it.',
      exitCode: exitCodes.checkFailed,
    });
  }
  if (wal.systemIdentifier !== systemIdentifier) {
    throw new StoaError('restore.other_cluster', `${name} of the log is that of another cluster.`, {
      cure: 'Give each cluster a place of its own for its backups (STOA_BACKUP_STORAGE).',
      exitCode: exitCodes.checkFailed,
    });
  }
  const path = join(folder, name);
  try {
    await pipeline(await vault.read(wal.artifact), createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    // While the server goes on, its receiver puts a longer beginning in place of this one.
    const isReplaced = error instanceof StoaError && error.code === 'storage.missing' && isBeginning;
    if (!isReplaced || attempt === 3) throw error;
    await fetchOne(options, name, attempt + 1);
    return;
  }
  // The server takes only files of the full size; behind a beginning there is nothing.
  if (isBeginning) await truncate(path, segmentSize);
  if (owner) await chown(path, owner.uid, owner.gid);
}

/** Brings files of the log into a folder, each compared with what was archived. Refuses backup.damaged and what the storage refuses. */
export async function fetchWal(options: FetchOptions): Promise<void> {
  const { names, folder, owner, signal, onProgress } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (owner) await chown(folder, owner.uid, owner.gid);
  const waiting = [...names];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      signal?.throwIfAborted();
      await fetchOne(options, name);
      done += 1;
      onProgress?.(done, names.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, names.length) }, work));
}
