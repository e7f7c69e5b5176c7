import { Readable } from 'node:stream';
import type pg from 'pg';
import { z } from 'zod';
import { CopySocket, type CopyTaker } from './copy-socket.ts';

/** The part of pg's connection that a query of our own needs. */
interface CopyConnection {
  query(text: string): void;
  readonly stream: { pause(): unknown; resume(): unknown; destroy(error?: Error): unknown };
}

export interface BaseBackupOptions {
  readonly label: string;
  /** In kB/s; undefined: as fast as it goes. */
  readonly maxRate?: number;
}

/** Where a base backup begins, and how much is to come. */
export interface BaseBackupStart {
  readonly startLsn: string;
  readonly timeline: number;
  /** Estimate of the server, in bytes. */
  readonly expectedSize: number;
  /** Folders outside of the data directory that hold tables. */
  readonly tablespaces: readonly string[];
}

export interface BaseBackupEnd {
  readonly endLsn: string;
  readonly timeline: number;
  /** `backup_manifest` as the server wrote it. */
  readonly manifest: Buffer;
}

export interface BaseBackupStream {
  readonly started: Promise<BaseBackupStart>;
  /**
   * The data directory as a tar archive. Ends only after the server has said that all of it was good, and breaks with
   * its error otherwise. Destroy it to give up.
   */
  readonly archive: Readable;
  /** Whoever has done with a block of the archive may give it back, to be filled again. */
  recycle(block: Buffer<ArrayBuffer>): void;
  readonly ended: Promise<BaseBackupEnd>;
}

const startRow = z.tuple([z.string(), z.coerce.number().int()]);
const tablespaceRow = z.tuple([z.string().nullable(), z.string().nullable(), z.coerce.number()]);

/**
 * Messages are copied into blocks of this size: fewer turns of the event loop for all that comes after. Each has its own
 * memory, so it can be handed to another thread.
 */
const blockSize = 1024 * 1024;

/** Blocks that wait to be filled again. New memory costs as much as reading does: the kernel clears it, the collector frees it. */
const mostSpare = 16;

const kinds = { newArchive: 0x6e, manifest: 0x6d, data: 0x64, progress: 0x70 } as const;

interface Settled<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

function settled<Value>(): Settled<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  // Whoever gave up on the backup does not wait for this any more.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/**
 * One BASE_BACKUP, as pg drives a query that is not its own. Since PostgreSQL 15 everything comes in a single COPY whose
 * messages say by their first byte what they are (manual, section 54.4).
 */
class BaseBackup implements CopyTaker {
  readonly archive: Readable;
  readonly started = settled<BaseBackupStart>();
  readonly ended = settled<BaseBackupEnd>();
  readonly #text: string;
  #connection: CopyConnection | undefined;
  #resultSets = 0;
  #start: z.infer<typeof startRow> | undefined;
  #end: z.infer<typeof startRow> | undefined;
  #expectedSize = 0;
  #tablespaces: string[] = [];
  #archives = 0;
  #isInManifest = false;
  #isData = false;
  #manifest: Buffer[] = [];
  #spare: Buffer<ArrayBuffer>[] = [];
  #block = Buffer.allocUnsafe(blockSize);
  #filled = 0;
  #isPaused = false;
  #isOver = false;

  constructor(text: string) {
    this.#text = text;
    this.archive = new Readable({
      // As objects: a stream of bytes joins what waits into one, which is a copy of everything.
      objectMode: true,
      highWaterMark: 4,
      read: () => this.#hold(false),
      destroy: (error, done) => {
        // Given up from this side: the server notices that nobody reads any more.
        if (!this.#isOver) {
          this.#fail(error ?? new Error('the backup was given up'));
          this.#connection?.stream.destroy();
        }
        done(error);
      },
    });
    // Whoever reads it learns of its end by reading; with nobody, an error must not end the process.
    this.archive.on('error', () => {});
  }

  submit(connection: CopyConnection): void {
    this.#connection = connection;
    if (connection.stream instanceof CopySocket) connection.stream.taker = this;
    connection.query(this.#text);
  }

  /** One flag: a socket that is paused twice is resumed once. */
  #hold(isHeld: boolean): void {
    if (this.#isPaused === isHeld) return;
    this.#isPaused = isHeld;
    if (isHeld) this.#connection?.stream.pause();
    else this.#connection?.stream.resume();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.started.reject(error);
    this.ended.reject(error);
    this.#hold(false);
    if (!this.archive.destroyed) this.archive.destroy(error as Error);
  }

  #flush(): void {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled);
    this.#block = this.#spare.pop() ?? Buffer.allocUnsafe(blockSize);
    this.#filled = 0;
    if (!this.archive.push(block)) this.#hold(true);
  }

  /** Copies at once: the chunk is a view of a buffer that the parser fills again. */
  #take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const count = bytes.copy(this.#block, this.#filled, at);
      at += count;
      this.#filled += count;
      if (this.#filled === blockSize) this.#flush();
    }
  }

  handleRowDescription(): void {
    this.#resultSets += 1;
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    if (this.#isOver) return;
    try {
      if (this.#resultSets === 1) this.#start = startRow.parse(fields);
      else if (this.#resultSets === 2) {
        const [, location, kilobytes] = tablespaceRow.parse(fields);
        this.#expectedSize += kilobytes * 1024;
        if (location !== null) this.#tablespaces.push(location);
      } else this.#end = startRow.parse(fields);
    } catch (error) {
      this.#fail(error);
    }
  }

  handleCommandComplete(): void {
    if (this.#resultSets === 2 && this.#start) {
      const [startLsn, timeline] = this.#start;
      const tablespaces = this.#tablespaces;
      this.started.resolve({ startLsn, timeline, expectedSize: this.#expectedSize, tablespaces });
    }
  }

  recycle(block: Buffer<ArrayBuffer>): void {
    if (!this.#isOver && block.length === blockSize && this.#spare.length < mostSpare)
      this.#spare.push(block);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.begin(chunk.readUInt8(0));
    this.data(chunk.subarray(1));
  }

  data(bytes: Buffer): void {
    if (this.#isOver || !this.#isData) return;
    if (this.#isInManifest) this.#manifest.push(Buffer.from(bytes));
    else this.#take(bytes);
  }

  begin(kind: number): void {
    if (this.#isOver) return;
    this.#isData = kind === kinds.data;
    if (kind === kinds.newArchive) {
      this.#archives += 1;
      if (this.#archives > 1) this.#fail(new Error('the server sent a second archive'));
    } else if (kind === kinds.manifest) {
      this.#flush();
      this.#isInManifest = true;
      // What follows is small and goes elsewhere: it need not wait for whoever reads the archive.
      this.#hold(false);
    }
  }

  handleReadyForQuery(): void {
    if (this.#isOver) return;
    if (!this.#end) {
      this.#fail(new Error('the server ended the backup without saying where'));
      return;
    }
    this.#isOver = true;
    const [endLsn, timeline] = this.#end;
    this.ended.resolve({ endLsn, timeline, manifest: Buffer.concat(this.#manifest) });
    this.archive.push(null);
  }

  handleError(error: unknown): void {
    // No handleReadyForQuery follows an error: whoever waits would wait for ever.
    this.#fail(error);
  }

  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Asks for everything that is needed to restore, in one pass: the files, the log that makes them consistent, and a
 * manifest with a digest of each. The server checks the checksum of each page and ends with an error when one is wrong.
 */
export function startBaseBackup(client: pg.Client, { label, maxRate }: BaseBackupOptions): BaseBackupStream {
  const options = [
    `LABEL ${literal(label)}`,
    'PROGRESS true',
    "CHECKPOINT 'fast'",
    'WAL true',
    "MANIFEST 'yes'",
    "MANIFEST_CHECKSUMS 'SHA256'",
    'VERIFY_CHECKSUMS true',
    ...(maxRate === undefined ? [] : [`MAX_RATE ${maxRate}`]),
  ];
  const backup = new BaseBackup(`BASE_BACKUP (${options.join(', ')})`);
  client.query(backup);
  return {
    started: backup.started.promise,
    archive: backup.archive,
    recycle: (block) => backup.recycle(block),
    ended: backup.ended.promise,
  };
}
