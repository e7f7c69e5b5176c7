import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, chown, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, StoaError } from '../../errors.ts';
import { DeltaReader, type DeltaRecord } from './delta.ts';

export interface LayOptions {
  /** The data directory, in which the parent lies. */
  readonly folder: string;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Told of every file of the increment once it is as it was. */
  readonly onFile?: (path: string) => void;
}

/**
 * Lays an increment over its parent, in place: writes the blocks that changed, cuts what became shorter, removes what is
 * gone, and compares every file with the SHA-256 that it had on the server. Refuses backup.damaged: then the folder is
 * neither of the two and has to be thrown away.
 */
export async function layIncrement(delta: Readable, { folder, owner, onFile }: LayOptions): Promise<void> {
  const reader = new DeltaReader();
  let current: { readonly path: string; readonly handle: FileHandle } | undefined;
  const own = async (path: string): Promise<void> => {
    if (owner) await chown(path, owner.uid, owner.gid);
  };
  const opened = async (path: string): Promise<FileHandle> => {
    if (current?.path === path) return current.handle;
    await current?.handle.close();
    current = undefined;
    const whole = join(folder, path);
    await mkdir(dirname(whole), { recursive: true, mode: 0o700 });
    const handle = await open(whole, 'r+').catch(() => open(whole, 'wx+', 0o600));
    current = { path, handle };
    await own(whole);
    return handle;
  };
  const apply = async (record: DeltaRecord): Promise<void> => {
    const path = join(folder, record.path);
    if (record.kind === 'folder') {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await chmod(path, record.mode);
      await own(path);
    } else if (record.kind === 'blocks') {
      const handle = await opened(record.path);
      await handle.write(record.bytes, 0, record.bytes.length, record.offset);
    } else if (record.kind === 'file') {
      const handle = await opened(record.path);
      await handle.truncate(record.size);
      await handle.chmod(record.mode);
      await handle.close();
      current = undefined;
      await requireSame(path, record);
      onFile?.(record.path);
    } else {
      await rm(path, { force: true });
    }
  };
  try {
    for await (const piece of delta) for (const record of reader.feed(piece as Buffer)) await apply(record);
    reader.end();
  } finally {
    await current?.handle.close();
  }
}

async function requireSame(
  path: string,
  record: { readonly path: string; readonly sha256: string },
): Promise<void> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), digest);
  if (digest.digest('hex') === record.sha256) return;
  throw new StoaError(
    'backup.damaged',
    `${record.path} is not what it was, after the increment was laid over it.`,
    {
      cure: 'Use another backup: this increment, or what it is laid over, is damaged.',
      exitCode: exitCodes.checkFailed,
    },
  );
}
