import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { exitCodes, StoaError } from '../errors.ts';

/*
 * The age format, version 1 (https://age-encryption.org/v1), so that the `age` program opens what is written here.
 * The header, which wraps the key of a file for its recipients, is the library's; the payload is node:crypto's, which
 * is about eight times as fast.
 */

/** Loading it takes a tenth of a second, which most commands do without. */
const library = () => import('age-encryption');

const chunkSize = 64 * 1024;
const tagSize = 16;
const nonceSize = 16;
const headerLimit = 64 * 1024;

function damaged(reason: string, cause?: unknown): StoaError {
  return new StoaError('backup.damaged', `What was stored cannot be decrypted: ${reason}.`, {
    cure: 'Use another backup, and run "stoa backup verify" to see which objects are damaged.',
    exitCode: exitCodes.checkFailed,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** An object, which each chunk takes as it is: bytes would be made into one for each. */
function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32)));
}

/** Eleven bytes that count, one that says whether a chunk is the last. */
class ChunkNonce {
  readonly bytes = Buffer.alloc(12);
  #count = 0;

  next(isLast: boolean): Buffer {
    this.bytes.writeUIntBE(this.#count, 5, 6);
    this.bytes.writeUInt8(isLast ? 1 : 0, 11);
    this.#count += 1;
    return this.bytes;
  }
}

/** Cuts bytes into chunks of one size, keeping back what may be the last. */
class Chunks {
  readonly #kept: Buffer;
  #filled = 0;

  constructor(size: number) {
    this.#kept = Buffer.allocUnsafe(size);
  }

  /** Whole chunks after which something follows for certain. Each is only good until the next is asked for. */
  *add(bytes: Buffer): Generator<Buffer> {
    const size = this.#kept.length;
    let rest = bytes;
    if (this.#filled > 0) {
      const count = rest.copy(this.#kept, this.#filled);
      this.#filled += count;
      rest = rest.subarray(count);
      if (rest.length === 0) return;
      yield this.#kept;
    }
    for (; rest.length > size; rest = rest.subarray(size)) yield rest.subarray(0, size);
    // What was handed in belongs to whoever made it, and may be overwritten.
    this.#filled = rest.copy(this.#kept);
  }

  last(): Buffer {
    return this.#kept.subarray(0, this.#filled);
  }
}

/** Every piece lies in the same memory: new memory for each costs more than the encryption. */
async function* seal(head: Buffer, key: KeyObject, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const nonce = new ChunkNonce();
  const chunks = new Chunks(chunkSize);
  let memory = Buffer.allocUnsafe(chunkSize + tagSize);
  let filled = 0;
  const add = (chunk: Buffer, isLast: boolean): void => {
    const cipher = createCipheriv('chacha20-poly1305', key, nonce.next(isLast), { authTagLength: tagSize });
    filled += cipher.update(chunk).copy(memory, filled);
    filled += cipher.final().copy(memory, filled);
    filled += cipher.getAuthTag().copy(memory, filled);
  };
  yield head;
  for await (const bytes of plain) {
    const most = (Math.floor(bytes.length / chunkSize) + 1) * (chunkSize + tagSize);
    if (memory.length < most) memory = Buffer.allocUnsafe(most);
    filled = 0;
    for (const chunk of chunks.add(bytes)) add(chunk, false);
    if (filled > 0) yield memory.subarray(0, filled);
  }
  filled = 0;
  add(chunks.last(), true);
  yield memory.subarray(0, filled);
}

class Open extends Transform {
  readonly #unwrap: (header: Buffer) => Promise<Uint8Array>;
  readonly #nonce = new ChunkNonce();
  readonly #chunks = new Chunks(chunkSize + tagSize);
  #head: Buffer | undefined = Buffer.alloc(0);
  #key: KeyObject | undefined;
  #opened = 0;

  constructor(unwrap: (header: Buffer) => Promise<Uint8Array>) {
    super({ writableHighWaterMark: chunkSize * 16, readableHighWaterMark: chunkSize * 16 });
    this.#unwrap = unwrap;
  }

  #open(piece: Buffer, isLast: boolean): void {
    if (piece.length < tagSize || (isLast && piece.length === tagSize && this.#opened > 0)) {
      throw damaged('it is cut short');
    }
    if (this.#key === undefined) throw damaged('it has no header of the age format');
    const cipher = createDecipheriv('chacha20-poly1305', this.#key, this.#nonce.next(isLast), {
      authTagLength: tagSize,
    });
    cipher.setAuthTag(piece.subarray(piece.length - tagSize));
    try {
      const plain = cipher.update(piece.subarray(0, piece.length - tagSize));
      // Nothing is left by then but to compare the tag: without that nobody gets a byte.
      cipher.final();
      this.push(plain);
    } catch (error) {
      throw damaged(`chunk ${this.#opened + 1} is not what was written, or it is cut short there`, error);
    }
    this.#opened += 1;
  }

  /** Answers with what follows the header, once all of that has arrived. */
  async #readHeader(bytes: Buffer): Promise<Buffer | undefined> {
    const head = Buffer.concat([this.#head ?? Buffer.alloc(0), bytes]);
    const size = headerSize(head);
    if (size === undefined || head.length < size + nonceSize) {
      if (head.length > headerLimit) throw damaged('it has no header of the age format');
      this.#head = head;
      return undefined;
    }
    const fileKey = await this.#unwrap(head.subarray(0, size));
    this.#key = payloadKey(fileKey, head.subarray(size, size + nonceSize));
    this.#head = undefined;
    return head.subarray(size + nonceSize);
  }

  async #take(bytes: Buffer): Promise<void> {
    const payload = this.#head === undefined ? bytes : await this.#readHeader(bytes);
    if (payload === undefined) return;
    for (const piece of this.#chunks.add(payload)) this.#open(piece, false);
  }

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    this.#take(bytes).then(
      () => done(),
      (error: Error) => done(error),
    );
  }

  override _flush(done: TransformCallback): void {
    try {
      if (this.#head !== undefined) throw damaged('it is cut short within its header');
      this.#open(this.#chunks.last(), true);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}

/** Bytes of the header at the beginning of `head`; undefined as long as its end is not there. */
export function headerSize(head: Buffer): number | undefined {
  if (head.length >= 22 && !head.subarray(0, 22).equals(Buffer.from('age-encryption.org/v1\n'))) {
    throw damaged('it does not begin as the age format does');
  }
  const mark = head.indexOf('\n--- ');
  if (mark === -1) return undefined;
  const end = head.indexOf('\n', mark + 1);
  return end === -1 ? undefined : end + 1;
}

/** Encrypts bytes. A piece of the outcome is only good until the next is asked for. */
export type Encrypt = (plain: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/**
 * Encrypts for all recipients (`age1…`), once. Nobody who has only these can read it again. Refuses backup.bad_recipient.
 */
export async function encryptFor(recipients: readonly string[]): Promise<Encrypt> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new StoaError('backup.bad_recipient', `${recipient} is no age recipient.`, {
        cure: 'Give the public half of a key, which begins with "age1"; "stoa keys new" makes a pair.',
        exitCode: exitCodes.configuration,
        cause: error,
      });
    }
  }
  let fileKey = new Uint8Array();
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  // An empty file is a header, a nonce and the tag of an empty last chunk.
  const empty = await encrypter.encrypt(new Uint8Array());
  const header = empty.subarray(0, empty.length - nonceSize - tagSize);
  const nonce = randomBytes(nonceSize);
  const key = payloadKey(fileKey, nonce);
  return (plain) => seal(Buffer.concat([header, nonce]), key, plain);
}

/** The key of a file, for any of these identities (`AGE-SECRET-KEY-1…`). Refuses backup.no_key. */
export async function unwrapFileKey(header: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch (error) {
      throw new StoaError('backup.bad_identity', 'What was given as a private key is none.', {
        cure: 'Give a line that begins with "AGE-SECRET-KEY-1", as "stoa keys new" writes it.',
        exitCode: exitCodes.configuration,
        cause: error,
      });
    }
  }
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (!/no identity matched/.test(String(error)))
      throw damaged('its header is not what was written', error);
    throw new StoaError('backup.no_key', 'None of the private keys that are here opens this backup.', {
      cure: 'Give the private key of one of its recipients; "stoa backup show" names them.',
      exitCode: exitCodes.refused,
      cause: error,
    });
  }
}

/**
 * The opposite of `encryptFor`. Breaks with backup.no_key, or backup.damaged before it gives away a wrong byte. Where no
 * identity fits the header, `findOther` is asked for one that was written later for the same file.
 */
export function decryptWith(
  identities: readonly string[],
  findOther: () => Promise<Uint8Array | undefined> = async () => undefined,
): Transform {
  return new Open(async (header) => {
    try {
      return await unwrapFileKey(header, identities);
    } catch (error) {
      const other =
        error instanceof StoaError && error.code === 'backup.no_key' ? await findOther() : undefined;
      if (other === undefined) throw error;
      return unwrapFileKey(other, identities);
    }
  });
}
