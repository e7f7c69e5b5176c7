import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable, Transform, type TransformCallback, type Writable } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { exitCodes, StoaError } from '../errors.ts';
import { readObject } from '../storage/read.ts';
import type { Storage } from '../storage/storage.ts';
import { decryptWith, encryptFor } from './age.ts';
import { type Compression, usualCompression } from './compression.ts';

/** One object of the storage, and what must come out of it again. */
export interface Artifact {
  /** With the endings that say how to open it by hand: `….zst.age`, `.zst` where nothing encrypts, `.age` where nothing compresses. */
  readonly key: string;
  /** In bytes, before compression. */
  readonly size: number;
  /** Hexadecimal, of those bytes. */
  readonly sha256: string;
  /** In bytes, as the storage has it. */
  readonly storedSize: number;
  /** Hexadecimal, of what the storage has: can be checked without a key. */
  readonly storedSha256: string;
}

export interface VaultOptions {
  readonly storage: Storage;
  /** `age1…`; with none, objects are not encrypted. */
  readonly recipients: readonly string[];
  /** `AGE-SECRET-KEY-1…`; needed to read, never to write. */
  readonly identities: readonly string[];
}

export interface WriteOptions {
  /** Default: `usualCompression`. */
  readonly compression?: Compression;
  /** Bytes to come, as far as they are known: S3 needs larger parts for very large objects. */
  readonly expectedSize?: number;
  readonly signal?: AbortSignal;
  /** Called with the plain bytes so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Called with a piece of the body that nobody looks at any more: its memory may be filled again. */
  readonly recycle?: (bytes: Buffer<ArrayBuffer>) => void;
  /** The digest (hexadecimal) of the body, from whoever takes it anyway; asked for when the body has ended. */
  readonly digest?: () => string;
}

/** What yields pieces breaks by throwing; a Readable is destroyed when it is not read to its end. */
export type Body = Readable | AsyncIterable<Buffer<ArrayBuffer>> | Uint8Array;

/** Compresses, encrypts and digests on the way into the storage, and the reverse on the way out. Nothing is staged on disk. */
export interface Vault {
  readonly storage: Storage;
  readonly recipients: readonly string[];
  /** The object appears whole or not at all. `name` is a key without the endings. */
  write(name: string, body: Body, options?: WriteOptions): Promise<Artifact>;
  /**
   * The plain bytes. Ends with the error backup.damaged when they, or what is stored, are not what was written, and with
   * backup.no_key without the key: whoever uses them must wait for the end before they count as good.
   */
  read(artifact: Artifact): Promise<Readable>;
  /** Whether what is stored is what was written, without a key. Refuses backup.damaged, storage.missing. */
  check(artifact: Artifact, onProgress?: (bytes: number) => void): Promise<void>;
}

/**
 * One frame, with its checksum: readers take only the first. On one thread: with ZSTD_c_nbWorkers the library answers
 * before it has taken all it was given, which Node takes for the end of the stream.
 */
function compressor(level: number): Transform {
  return createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    chunkSize: 256 * 1024,
  });
}

/** Pieces that are in a stream at a time: one that is worked on, and the next, so that nobody waits for it. */
const mostInStream = 2;

/** Writes pieces into a stream and says when it has done with each, which `pipeline` does not. */
async function feed(
  pieces: AsyncIterable<Buffer<ArrayBuffer>>,
  into: Writable,
  onUsed: (bytes: Buffer<ArrayBuffer>) => void,
): Promise<void> {
  let inStream = 0;
  let wake = (): void => {};
  into.once('close', () => wake());
  for await (const bytes of pieces) {
    // Whoever broke it has told those who wait for what comes out.
    if (into.destroyed) return;
    inStream += 1;
    into.write(bytes, (error) => {
      inStream -= 1;
      if (!error) onUsed(bytes);
      wake();
    });
    while (inStream >= mostInStream && !into.destroyed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  into.end();
}

/** For a storage, which has done with a piece when it asks for the next. */
async function* givenBack(
  pieces: AsyncIterable<Buffer<ArrayBuffer>>,
  onUsed: (bytes: Buffer<ArrayBuffer>) => void,
): AsyncGenerator<Buffer> {
  for await (const bytes of pieces) {
    yield bytes;
    onUsed(bytes);
  }
}

async function* piecesOf(body: Body): AsyncGenerator<Buffer<ArrayBuffer>> {
  if (body instanceof Uint8Array) yield Buffer.from(body);
  else for await (const bytes of body) yield Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
}

/** Lets bytes pass and remembers how many and which. */
class Meter extends Transform {
  readonly #hash: Hash = createHash('sha256');
  readonly #onProgress: ((bytes: number) => void) | undefined;
  size = 0;

  constructor(onProgress?: (bytes: number) => void) {
    super({ highWaterMark: 1024 * 1024 });
    this.#onProgress = onProgress;
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    this.#hash.update(bytes);
    this.size += bytes.length;
    this.#onProgress?.(this.size);
    done(null, bytes);
  }
}

function damaged(key: string, reason: string): StoaError {
  return new StoaError('backup.damaged', `${key} is damaged: ${reason}.`, {
    cure: 'Use another backup; "stoa backup verify" tells which are whole.',
    exitCode: exitCodes.checkFailed,
  });
}

/** Lets bytes pass and breaks at the end when they are not these. */
class Expect extends Transform {
  readonly #hash: Hash = createHash('sha256');
  readonly #expected: { readonly key: string; readonly size: number; readonly sha256: string };
  #size = 0;

  constructor(expected: { readonly key: string; readonly size: number; readonly sha256: string }) {
    super({ highWaterMark: 1024 * 1024 });
    this.#expected = expected;
  }

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    done(null, bytes);
  }

  override _flush(done: TransformCallback): void {
    const { key, size, sha256 } = this.#expected;
    if (this.#size !== size) done(damaged(key, `${this.#size} bytes came out where ${size} went in`));
    else if (this.#hash.digest('hex') !== sha256) done(damaged(key, 'its digest is another'));
    else done();
  }
}

/** Beside an object: a header of the age format for whoever may read it by now ("stoa keys rewrap"). */
export function headerKey(key: string): string {
  return `${key}.header`;
}

async function laterHeader(storage: Storage, key: string): Promise<Uint8Array | undefined> {
  if ((await storage.head(headerKey(key))) === undefined) return undefined;
  return readObject(storage, headerKey(key));
}

/** Whether the digest of all or the decompression notices damage first is a matter of chance. */
async function* explained(unpacked: Readable, key: string): AsyncGenerator<Buffer> {
  try {
    yield* unpacked;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (/^ZSTD_|^Z_/.test(code)) throw damaged(key, 'it cannot be decompressed');
    // Whoever decrypts does not know what it is.
    const isNamed = !(error instanceof StoaError) || error.message.includes(key);
    if (isNamed || (error.code !== 'backup.damaged' && error.code !== 'backup.no_key')) throw error;
    throw new StoaError(error.code, `${key}: ${error.message}`, {
      cure: error.cure,
      exitCode: error.exitCode,
      cause: error,
    });
  }
}

export function openVault({ storage, recipients, identities }: VaultOptions): Vault {
  return {
    storage,
    recipients,
    async write(name, body, options = {}) {
      const {
        compression = usualCompression,
        expectedSize,
        signal,
        onProgress,
        recycle = () => {},
      } = options;
      // It may break before anything reads it; whoever reads it learns of it then, and the process goes on.
      if (body instanceof Readable) body.on('error', () => {});
      const isEncrypted = recipients.length > 0;
      const isCompressed = compression.method === 'zstd';
      const key = `${name}${isCompressed ? '.zst' : ''}${isEncrypted ? '.age' : ''}`;
      const digest = createHash('sha256');
      const isDigested = options.digest !== undefined;
      let size = 0;
      async function* measured(): AsyncGenerator<Buffer<ArrayBuffer>> {
        for await (const bytes of piecesOf(body)) {
          if (!isDigested) digest.update(bytes);
          size += bytes.length;
          onProgress?.(size);
          yield bytes;
        }
      }
      const steps = [
        ...(isCompressed ? [compressor(compression.level)] : []),
        ...(isEncrypted ? [await encryptFor(recipients)] : []),
      ];
      const [first] = steps;
      let meter: Meter | undefined;
      let stored: Readable | AsyncIterable<Buffer>;
      if (first === undefined) {
        stored = givenBack(measured(), recycle);
      } else {
        meter = new Meter();
        stored = meter;
        // What breaks anywhere ends the last step with the same error, which put then refuses with.
        pipeline([...steps, meter], () => {});
        feed(measured(), first, recycle).catch((error: Error) => first.destroy(error));
      }
      try {
        await storage.put(key, stored, {
          contentType: 'application/octet-stream',
          ...(expectedSize === undefined ? {} : { expectedSize }),
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        // A storage that refuses before it reads would leave the source waiting.
        meter?.destroy();
        if (body instanceof Readable) body.destroy();
        throw error;
      }
      const sha256 = options.digest?.() ?? digest.digest('hex');
      return {
        key,
        size,
        sha256,
        storedSize: meter?.size ?? size,
        storedSha256: meter?.sha256() ?? sha256,
      };
    },
    async read(artifact) {
      const { key } = artifact;
      const { body } = await storage.get(key);
      const out = new Expect({ key, size: artifact.size, sha256: artifact.sha256 });
      const isEncrypted = key.endsWith('.age');
      const isCompressed = key.replace(/\.age$/, '').endsWith('.zst');
      const arrived = new Expect({ key, size: artifact.storedSize, sha256: artifact.storedSha256 });
      const steps = [
        body,
        arrived,
        ...(isEncrypted ? [decryptWith(identities, () => laterHeader(storage, key))] : []),
        ...(isCompressed ? [createZstdDecompress({ chunkSize: 1024 * 1024 })] : []),
      ];
      const unpacked = steps.at(-1) ?? arrived;
      // What breaks anywhere ends the last step with the same error, which whoever reads learns.
      pipeline(steps, () => {});
      pipeline(Readable.from(explained(unpacked, key), { objectMode: false }), out, () => {});
      return out;
    },
    async check(artifact, onProgress) {
      const { body } = await storage.get(artifact.key);
      const meter = new Meter(onProgress);
      await pipelined(body, meter, async (bytes) => {
        for await (const _ of bytes) {
          // Only measured.
        }
      });
      if (meter.size !== artifact.storedSize || meter.sha256() !== artifact.storedSha256) {
        throw damaged(artifact.key, 'what is stored is not what was written');
      }
    },
  };
}
