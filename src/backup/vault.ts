import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable, Transform, type TransformCallback, type Writable } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { exitCodes, StoaError } from '../errors.ts';
import { readObject } from '../storage/read.ts';
import { type Storage, storageError } from '../storage/storage.ts';
import { decryptWith, encryptFor } from './age.ts';
import { type Compression, usualCompression } from './compression.ts';

/** One object of the storage, and what must come out of it again. */
export interface Artifact {
  /** With the endings that say how to open it by hand: `….zst.age`, `.zst` where nothing encrypts, `.age` where nothing compresses. */
  readonly key: string;
  /** In bytes, before compression. */
  readonly size: number;
  /** Hexadecimal, of those bytes. None where what is within has digests of its own. */
  readonly sha256?: string | undefined;
  /** In bytes, as the storage has it. */
  readonly storedSize: number;
  /** Hexadecimal, of what the storage has: can be checked without a key. None where these are the bytes without a digest. */
  readonly storedSha256?: string | undefined;
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
  /**
   * Each part of the body has a digest elsewhere, which whoever reads it must compare: none is taken of the whole. Where the
   * storage gets these very bytes, what is stored has none either, and `check` cannot tell whether it is whole.
   */
  readonly hasDigestsWithin?: boolean;
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
  /**
   * Whether what is stored is what was written, without a key; of an artifact without a digest of that, whether it has its size.
   * Refuses backup.damaged, storage.missing.
   */
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

async function* compressed(
  pieces: AsyncIterable<Buffer<ArrayBuffer>>,
  level: number,
  onUsed: (bytes: Buffer<ArrayBuffer>) => void,
): AsyncGenerator<Buffer> {
  const into = compressor(level);
  feed(pieces, into, onUsed).catch((error: Error) => into.destroy(error));
  yield* into;
}

/** For those who have done with a piece when they ask for the next. */
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

/** Remembers how many bytes went by, and which. */
class Meter {
  readonly #hash: Hash = createHash('sha256');
  size = 0;

  async *over(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of pieces) {
      this.#hash.update(bytes);
      this.size += bytes.length;
      yield bytes;
    }
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}

function damaged(key: string, reason: string): StoaError {
  return new StoaError('backup.damaged', `${key} is damaged: ${reason}.`, {
    cure: 'Use another backup; "stoa backup verify" tells which are whole.',
    exitCode: exitCodes.checkFailed,
  });
}

interface Expected {
  readonly key: string;
  readonly size: number;
  readonly sha256: string | undefined;
}

/** Lets bytes pass and breaks at the end when they are not these. */
class Expect extends Transform {
  readonly #expected: Expected;
  readonly #hash: Hash | undefined;
  #size = 0;

  constructor(expected: Expected) {
    super({ highWaterMark: 1024 * 1024 });
    this.#expected = expected;
    this.#hash = expected.sha256 === undefined ? undefined : createHash('sha256');
  }

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    this.#hash?.update(bytes);
    this.#size += bytes.length;
    done(null, bytes);
  }

  override _flush(done: TransformCallback): void {
    const { key, size, sha256 } = this.#expected;
    if (this.#size !== size) done(damaged(key, `${this.#size} bytes came out where ${size} went in`));
    else if (this.#hash?.digest('hex') !== sha256) done(damaged(key, 'its digest is another'));
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
        hasDigestsWithin = false,
      } = options;
      // It may break before anything reads it; whoever reads it learns of it then, and the process goes on.
      if (body instanceof Readable) body.on('error', () => {});
      const isEncrypted = recipients.length > 0;
      const isCompressed = compression.method === 'zstd';
      const key = `${name}${isCompressed ? '.zst' : ''}${isEncrypted ? '.age' : ''}`;
      const digest = hasDigestsWithin ? undefined : createHash('sha256');
      let size = 0;
      async function* measured(): AsyncGenerator<Buffer<ArrayBuffer>> {
        for await (const bytes of piecesOf(body)) {
          digest?.update(bytes);
          size += bytes.length;
          onProgress?.(size);
          yield bytes;
        }
      }
      const packed = isCompressed
        ? compressed(measured(), compression.level, recycle)
        : givenBack(measured(), recycle);
      const encrypt = isEncrypted ? await encryptFor(recipients) : undefined;
      // Where these are the bytes of the body, there is nothing to be known of them that is not known.
      const meter = isCompressed || isEncrypted ? new Meter() : undefined;
      const stored = encrypt ? encrypt(packed) : packed;
      try {
        await storage.put(key, meter ? meter.over(stored) : stored, {
          contentType: 'application/octet-stream',
          ...(expectedSize === undefined ? {} : { expectedSize }),
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        // A storage that refuses before it reads would leave the source waiting.
        if (body instanceof Readable) body.destroy();
        throw error;
      }
      const sha256 = digest?.digest('hex');
      return {
        key,
        size,
        sha256,
        storedSize: meter?.size ?? size,
        storedSha256: meter ? meter.sha256() : sha256,
      };
    },
    async read(artifact) {
      const { key } = artifact;
      const { body } = await storage.get(key);
      const isEncrypted = key.endsWith('.age');
      const isCompressed = key.replace(/\.age$/, '').endsWith('.zst');
      // What is stored as it was is compared as it arrives.
      const sha256 = isEncrypted || isCompressed ? artifact.sha256 : undefined;
      const out = new Expect({ key, size: artifact.size, sha256 });
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
    async check({ key, storedSize, storedSha256 }, onProgress) {
      if (storedSha256 === undefined) {
        const found = await storage.head(key);
        if (found?.size === storedSize) return;
        if (found) throw damaged(key, `it has ${found.size} bytes in place of ${storedSize}`);
        throw storageError('missing', storage.description, `there is no object ${key}.`);
      }
      const { body } = await storage.get(key);
      const meter = new Meter();
      for await (const _ of meter.over(body)) onProgress?.(meter.size);
      if (meter.size !== storedSize || meter.sha256() !== storedSha256) {
        throw damaged(key, 'what is stored is not what was written');
      }
    },
  };
}
