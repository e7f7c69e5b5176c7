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
  /**
   * Where tablespaces lie comes as a file `tablespace_map` instead of links in `pg_tblspc`. Not before PostgreSQL 16: 15
   * leaves out those that lie inside of the data directory then, and says nothing.
   */
  readonly hasTablespaceMap?: boolean;
}

/** A folder that holds tables, beside those of the data directory. */
export interface Tablespace {
  readonly oid: string;
  /** Absolute; or `pg_tblspc/<oid>` of one that lies inside of the data directory. */
  readonly location: string;
}

/** Where a base backup begins, and how much is to come. */
export interface BaseBackupStart {
  readonly startLsn: string;
  readonly timeline: number;
  /** Estimate of the server, in bytes. */
  readonly expectedSize: number;
  /** In the order in which their archives come. */
  readonly tablespaces: readonly Tablespace[];
}

/** One tar archive of a base backup. */
export interface BackupArchive {
  /** `<oid>.tar` of a tablespace; `base.tar`, which is last, of the data directory. */
  readonly name: string;
  /** Where in the data directory it belongs: `pg_tblspc/<oid>`, or an empty text. */
  readonly within: string;
  /** Read it to its end before the next is asked for, or destroy it to give up. */
  readonly body: Readable;
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
   * As `BackupArchive`, one after the other. The last one ends only after the server has said that all of it was good, and
   * breaks with its error otherwise. Destroy it to give up.
   */
  readonly archives: Readable;
  /** Whoever has done with a block of an archive may give it back, to be filled again. */
  recycle(block: Buffer<ArrayBuffer>): void;
  readonly ended: Promise<BaseBackupEnd>;
}

const startRow = z.tuple([z.string(), z.coerce.number().int()]);
const tablespaceRow = z.tuple([
  z.string().regex(/^\d+$/).nullable(),
  z.string().nullable(),
  z.coerce.number(),
]);

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
  readonly archives: Readable;
  readonly started = settled<BaseBackupStart>();
  readonly ended = settled<BaseBackupEnd>();
  readonly #text: string;
  #connection: CopyConnection | undefined;
  #resultSets = 0;
  #start: z.infer<typeof startRow> | undefined;
  #end: z.infer<typeof startRow> | undefined;
  #expectedSize = 0;
  #tablespaces: Tablespace[] = [];
  #body: Readable | undefined;
  /** The message that says which archive begins. */
  #name: Buffer[] | undefined;
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
    this.archives = new Readable({
      objectMode: true,
      read: () => {},
      destroy: (error, done) => {
        this.#giveUp(error);
        done(error);
      },
    });
    // Whoever reads it learns of its end by reading; with nobody, an error must not end the process.
    this.archives.on('error', () => {});
  }

  #newBody(): Readable {
    const body = new Readable({
      // As objects: a stream of bytes joins what waits into one, which is a copy of everything.
      objectMode: true,
      highWaterMark: 4,
      // One that has ended is read from its memory, and says nothing about the one that arrives.
      read: () => {
        if (this.#body === body) this.#hold(false);
      },
      destroy: (error, done) => {
        if (this.#body === body) this.#giveUp(error);
        done(error);
      },
    });
    body.on('error', () => {});
    return body;
  }

  /** From this side: the server notices that nobody reads any more. */
  #giveUp(error: Error | null): void {
    if (this.#isOver) return;
    this.#fail(error ?? new Error('the backup was given up'));
    this.#connection?.stream.destroy();
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
    for (const stream of [this.#body, this.archives]) {
      if (stream !== undefined && !stream.destroyed) stream.destroy(error as Error);
    }
  }

  #flush(): void {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled);
    this.#block = this.#spare.pop() ?? Buffer.allocUnsafe(blockSize);
    this.#filled = 0;
    if (this.#body?.push(block) === false) this.#hold(true);
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
        const [oid, location, kilobytes] = tablespaceRow.parse(fields);
        this.#expectedSize += kilobytes * 1024;
        if (oid !== null && location !== null) this.#tablespaces.push({ oid, location });
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
    if (this.#isOver) return;
    if (this.#name !== undefined) this.#name.push(Buffer.from(bytes));
    else if (!this.#isData) return;
    else if (this.#isInManifest) this.#manifest.push(Buffer.from(bytes));
    else this.#take(bytes);
  }

  begin(kind: number): void {
    if (this.#isOver) return;
    if (this.#name !== undefined) this.#beginArchive(Buffer.concat(this.#name));
    this.#name = kind === kinds.newArchive ? [] : undefined;
    this.#isData = kind === kinds.data;
    if (kind === kinds.newArchive) this.#endArchive();
    else if (kind === kinds.manifest) {
      this.#flush();
      this.#isInManifest = true;
      // What follows is small and goes elsewhere: it need not wait for whoever reads the archive.
      this.#hold(false);
    }
  }

  /** There is another one behind it. The last one ends when the server has said that everything was good. */
  #endArchive(): void {
    this.#flush();
    const body = this.#body;
    this.#body = undefined;
    body?.push(null);
    // Whoever reads what is left of it does not ask for more of the connection.
    this.#hold(false);
  }

  #beginArchive(message: Buffer): void {
    const name = message.subarray(0, Math.max(0, message.indexOf(0))).toString('utf8');
    const oid = /^(\d+)\.tar$/.exec(name)?.[1];
    const isKnown =
      oid === undefined ? name === 'base.tar' : this.#tablespaces.some((one) => one.oid === oid);
    if (!isKnown) {
      this.#fail(new Error(`the server sent an archive that it had not told of: ${JSON.stringify(name)}`));
      return;
    }
    const body = this.#newBody();
    this.#body = body;
    const archive: BackupArchive = { name, within: oid === undefined ? '' : `pg_tblspc/${oid}`, body };
    this.archives.push(archive);
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
    this.#body?.push(null);
    this.archives.push(null);
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
export function startBaseBackup(client: pg.Client, options: BaseBackupOptions): BaseBackupStream {
  const { label, maxRate, hasTablespaceMap = false } = options;
  const wishes = [
    `LABEL ${literal(label)}`,
    'PROGRESS true',
    "CHECKPOINT 'fast'",
    'WAL true',
    "MANIFEST 'yes'",
    "MANIFEST_CHECKSUMS 'SHA256'",
    'VERIFY_CHECKSUMS true',
    ...(hasTablespaceMap ? ['TABLESPACE_MAP true'] : []),
    ...(maxRate === undefined ? [] : [`MAX_RATE ${maxRate}`]),
  ];
  const backup = new BaseBackup(`BASE_BACKUP (${wishes.join(', ')})`);
  client.query(backup);
  return {
    started: backup.started.promise,
    archives: backup.archives,
    recycle: (block) => backup.recycle(block),
    ended: backup.ended.promise,
  };
}
