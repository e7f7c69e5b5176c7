import { createHash } from 'node:crypto';
import { chmod, chown, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import { DeltaReader, type DeltaRecord } from './delta.ts';

export interface LayOptions {
  /** The data directory, in which the parent lies. */
  readonly folder: string;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /**
   * False: another increment is laid over this one, and what comes of both is compared then. Each comparison reads all
   * of the folder.
   */
  readonly isLast?: boolean;
  /** Told of every file of the increment once it is as it was. */
  readonly onFile?: (file: Extract<DeltaRecord, { kind: 'file' }>) => void;
}

/**
 * Lays an increment over its parent, in place: writes the blocks that changed, cuts what became shorter, removes what is
 * gone, and, unless another one follows, compares every file with the SHA-256 that it had on the server. Refuses
 * backup.damaged: then the folder is neither of the two and has to be thrown away.
 */
export async function layIncrement(
  delta: AsyncIterable<Buffer>,
  { folder, owner, isLast = true, onFile }: LayOptions,
): Promise<void> {
  const reader = new DeltaReader();
  const shared = Buffer.allocUnsafe(1024 * 1024);
  let current: { readonly path: string; readonly handle: FileHandle } | undefined;
  const own = async (path: string): Promise<void> => {
    if (owner) await chown(path, owner.uid, owner.gid);
  };
  const opened = async (path: string): Promise<FileHandle> => {
    if (current?.path === path) return current.handle;
    await current?.handle.close();
    current = undefined;
    const whole = join(folder, path);
    const handle = await open(whole, 'r+').catch(async (error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await mkdir(dirname(whole), { recursive: true, mode: 0o700 });
      const made = await open(whole, 'wx+', 0o600);
      await own(whole);
      return made;
    });
    current = { path, handle };
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
      // Most files are as they were, and there are thousands of them.
      const found = await handle.stat();
      if (found.size !== record.size) await handle.truncate(record.size);
      if ((found.mode & 0o777) !== record.mode) await handle.chmod(record.mode);
      if (isLast) await requireSame(handle, record, shared);
      await handle.close();
      current = undefined;
      onFile?.(record);
    } else {
      await rm(path, { force: true });
    }
  };
  try {
    for await (const piece of delta) for (const record of reader.feed(piece)) await apply(record);
    reader.end();
  } finally {
    await current?.handle.close();
  }
}

async function requireSame(
  handle: FileHandle,
  record: { readonly path: string; readonly size: number; readonly sha256: string },
  shared: Buffer,
): Promise<void> {
  const digest = createHash('sha256');
  for (let at = 0; at < record.size; ) {
    const { bytesRead } = await handle.read(shared, 0, shared.length, at);
    if (bytesRead === 0) break;
    digest.update(shared.subarray(0, bytesRead));
    at += bytesRead;
  }
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
