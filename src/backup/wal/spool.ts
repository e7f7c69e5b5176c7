import { existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readShaped, writeJson } from '../../data-folder.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { syncFolder } from '../../storage/sync-folder.ts';
import { isWalName } from '../wal-archive.ts';
import { formatLsn, type Lsn, placeOf, segmentName } from './position.ts';

/**
 * A failed write or fsync cannot be reported and passed over: the kernel may have dropped the pages and say "done" the
 * next time. Whoever gets this ends; the next start reads the segment from the server anew.
 */
export function spoolFailed(folder: string, cause: unknown): StoaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoaError('wal.spool_failed', `The log cannot be kept in ${folder}: ${reason}.`, {
    cure: 'Free some space or mend the disk. Nothing that was confirmed to the server is lost; it keeps the rest.',
    exitCode: exitCodes.database,
    cause,
  });
}

const identityShape = z.strictObject({
  systemIdentifier: z.string().regex(/^\d+$/),
  segmentSize: z.int().positive(),
});
export type SpoolIdentity = z.infer<typeof identityShape>;

export interface SpoolPosition {
  readonly timeline: number;
  readonly lsn: Lsn;
}

/**
 * The folder in which the log lies from when the server sent it until the storage has it: whole segments under their
 * names, the one that is being written as `….partial`, histories of timelines. Of what is uploaded the newest whole
 * segment stays, so that a start knows where to go on.
 */
export class Spool {
  readonly folder: string;
  readonly #identityFile: string;

  constructor(folder: string) {
    this.folder = folder;
    this.#identityFile = join(folder, 'cluster.json');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  identity(): SpoolIdentity | undefined {
    return readShaped(this.#identityFile, identityShape);
  }

  /** The first server that is received from owns the folder. Refuses wal.other_cluster. */
  claim(identity: SpoolIdentity): void {
    const owner = this.identity();
    if (owner === undefined) {
      writeJson(this.#identityFile, identity);
      return;
    }
    if (owner.systemIdentifier === identity.systemIdentifier && owner.segmentSize === identity.segmentSize)
      return;
    throw new StoaError(
      'wal.other_cluster',
      `${this.folder} holds log of cluster ${owner.systemIdentifier}, and the server is ${identity.systemIdentifier}.`,
      {
        cure: 'Upload what is there with "stoa backup wal upload", then set STOA_BACKUP_WAL_SPOOL to another folder.',
        exitCode: exitCodes.refused,
      },
    );
  }

  /** Everything of the log that is here, in its order. */
  async names(): Promise<readonly string[]> {
    return (await readdir(this.folder)).filter(isWalName).sort();
  }

  /** How much of it is here, in bytes, without these. */
  async size(except: ReadonlySet<string>): Promise<number> {
    let total = 0;
    for (const name of await this.names()) {
      if (except.has(name)) continue;
      // A segment may be uploaded and removed while this looks.
      total += (await stat(this.path(name)).catch(() => undefined))?.size ?? 0;
    }
    return total;
  }

  /** Where receiving has to go on: after the last whole segment, or where the begun one begins; `end` is how far it came. */
  async position(): Promise<(SpoolPosition & { readonly end: Lsn }) | undefined> {
    const segmentSize = this.identity()?.segmentSize;
    if (segmentSize === undefined) return undefined;
    const name = (await this.names()).findLast((candidate) => !candidate.endsWith('.history'));
    if (name === undefined) return undefined;
    const { timeline, start } = placeOf(name, segmentSize);
    if (!name.endsWith('.partial')) {
      const end = start + BigInt(segmentSize);
      return { timeline, lsn: end, end };
    }
    return { timeline, lsn: start, end: start + BigInt((await stat(this.path(name))).size) };
  }

  read(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }

  /** A small file, whole or not at all, on disk when this has answered. */
  async keep(name: string, content: Buffer): Promise<void> {
    const unfinished = this.path(`${name}.unfinished`);
    try {
      const handle = await open(unfinished, 'w', 0o600);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, this.path(name));
      await syncFolder(this.folder);
    } catch (error) {
      throw spoolFailed(this.folder, error);
    }
  }

  writer(from: SpoolPosition, segmentSize: number): SpoolWriter {
    return new SpoolWriter(this, from, segmentSize);
  }
}

/** Writes the log of one timeline, each byte where it belongs, and leaves out none. */
export class SpoolWriter {
  readonly #spool: Spool;
  readonly #segmentSize: number;
  readonly timeline: number;
  #handle: FileHandle | undefined;
  #name = '';
  #written: Lsn;
  #flushed: Lsn;

  constructor(spool: Spool, from: SpoolPosition, segmentSize: number) {
    this.#spool = spool;
    this.#segmentSize = segmentSize;
    this.timeline = from.timeline;
    this.#written = from.lsn;
    this.#flushed = from.lsn;
  }

  /** Everything before it is on disk. */
  get flushed(): Lsn {
    return this.#flushed;
  }

  /** The segment that is written next, and how much of it is on disk. */
  get writing(): { readonly segment: string; readonly length: number } {
    return {
      segment: segmentName(this.timeline, this.#flushed, this.#segmentSize),
      length: Number(this.#flushed % BigInt(this.#segmentSize)),
    };
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    this.#name = segmentName(this.timeline, this.#written, this.#segmentSize);
    const path = this.#spool.path(`${this.#name}.partial`);
    const isNew = !existsSync(path);
    // What an earlier run wrote stays: the same bytes are written over it.
    this.#handle = await open(path, isNew ? 'wx+' : 'r+', 0o600);
    // Bytes of a file whose name is lost are lost, however well they were flushed.
    if (isNew) await syncFolder(this.#spool.folder);
    return this.#handle;
  }

  async #finish(handle: FileHandle): Promise<string> {
    await handle.datasync();
    this.#handle = undefined;
    await handle.close();
    await rename(this.#spool.path(`${this.#name}.partial`), this.#spool.path(this.#name));
    await syncFolder(this.#spool.folder);
    this.#flushed = this.#written;
    return this.#name;
  }

  /**
   * Writes and flushes these, which must begin where the last ended. Answers with the segments that became whole.
   * Refuses wal.gap and wal.spool_failed.
   */
  async append(
    messages: readonly { readonly start: Lsn; readonly bytes: Buffer }[],
  ): Promise<readonly string[]> {
    const finished: string[] = [];
    for (const { start, bytes } of messages) {
      if (start !== this.#written) {
        throw new StoaError(
          'wal.gap',
          `The server sent ${formatLsn(start)} where ${formatLsn(this.#written)} had to come.`,
          { cure: 'The receiver starts that segment again by itself.', exitCode: exitCodes.checkFailed },
        );
      }
      for (let at = 0; at < bytes.length; ) {
        const offset = Number(this.#written % BigInt(this.#segmentSize));
        const piece = bytes.subarray(at, at + this.#segmentSize - offset);
        try {
          const handle = await this.#open();
          await writeWhole(handle, piece, offset);
          at += piece.length;
          this.#written += BigInt(piece.length);
          if (offset + piece.length === this.#segmentSize) finished.push(await this.#finish(handle));
        } catch (error) {
          throw spoolFailed(this.#spool.folder, error);
        }
      }
    }
    try {
      await this.#handle?.datasync();
    } catch (error) {
      throw spoolFailed(this.#spool.folder, error);
    }
    this.#flushed = this.#written;
    return finished;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

/** A disk that fills up writes less than it was given before it says so. */
async function writeWhole(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error('nothing could be written');
    done += bytesWritten;
  }
}
