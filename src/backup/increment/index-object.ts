import { exitCodes, StoaError } from '../../errors.ts';

/** Pages of PostgreSQL: what changes together. */
export const blockSize = 8192;
/** Of a hash of a block: enough that two blocks of a cluster are not taken for each other (2^64 blocks until a chance of half). */
export const hashSize = 16;

const magic = Buffer.from('STOAIDX1');

/**
 * Hashes of every block of every file of a backup, so that the next one can tell what changed. As one object: the
 * letters STOAIDX1; then for each file, sorted by path as bytes, the length of the path (2 bytes), the path, the length of the
 * file (8 bytes), and a hash (SHA-256, its first 16 bytes) for each block of 8 kB, the last of which may be shorter. All
 * numbers are little-endian.
 */
export class BlockIndex {
  readonly #files = new Map<string, { readonly size: number; readonly hashes: Buffer }>();

  add(path: string, size: number, hashes: Buffer): void {
    if (hashes.length !== Math.ceil(size / blockSize) * hashSize) {
      throw new TypeError(`${path} of ${size} bytes cannot have ${hashes.length / hashSize} blocks`);
    }
    this.#files.set(path, { size, hashes });
  }

  addAll(other: BlockIndex): void {
    for (const [path, file] of other.#files) this.#files.set(path, file);
  }

  get paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  sizeOf(path: string): number | undefined {
    return this.#files.get(path)?.size;
  }

  /** Undefined where there was no such file, or it was shorter. */
  hashOf(path: string, block: number): Buffer | undefined {
    const file = this.#files.get(path);
    if (file === undefined || block * hashSize >= file.hashes.length) return undefined;
    return file.hashes.subarray(block * hashSize, (block + 1) * hashSize);
  }

  encode(): Buffer {
    const parts: Buffer[] = [magic];
    const sorted = [...this.#files].sort(([one], [other]) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
    for (const [path, { size, hashes }] of sorted) {
      const name = Buffer.from(path);
      const head = Buffer.alloc(2 + name.length + 8);
      head.writeUInt16LE(name.length, 0);
      name.copy(head, 2);
      head.writeBigUInt64LE(BigInt(size), 2 + name.length);
      parts.push(head, hashes);
    }
    return Buffer.concat(parts);
  }

  static decode(bytes: Buffer): BlockIndex {
    const damaged = (reason: string): StoaError =>
      new StoaError('backup.damaged', `The index of blocks is damaged: ${reason}.`, {
        cure: 'Take a whole backup; this one can still be restored.',
        exitCode: exitCodes.checkFailed,
      });
    if (!bytes.subarray(0, magic.length).equals(magic)) throw damaged('it does not begin as one');
    const index = new BlockIndex();
    let at = magic.length;
    while (at < bytes.length) {
      if (at + 2 > bytes.length) throw damaged('it is cut short');
      const nameLength = bytes.readUInt16LE(at);
      const sizeAt = at + 2 + nameLength;
      if (sizeAt + 8 > bytes.length) throw damaged('it is cut short');
      const path = bytes.toString('utf8', at + 2, sizeAt);
      const size = Number(bytes.readBigUInt64LE(sizeAt));
      const end = sizeAt + 8 + Math.ceil(size / blockSize) * hashSize;
      if (end > bytes.length) throw damaged('it is cut short');
      index.add(path, size, bytes.subarray(sizeAt + 8, end));
      at = end;
    }
    return index;
  }
}

/** Of archives that are one backup together. */
export function joinedIndexes(indexes: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = indexes;
  if (only !== undefined && others.length === 0) return only;
  const joined = new BlockIndex();
  for (const bytes of indexes) {
    joined.addAll(BlockIndex.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  }
  return joined.encode();
}
