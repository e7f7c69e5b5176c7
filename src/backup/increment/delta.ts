import { createHash, type Hash, hash } from 'node:crypto';
import { exitCodes, StoaError } from '../../errors.ts';
import { BlockIndex, blockSize, hashSize } from './index-object.ts';

/*
 * An increment as a stream of records after the letters STOADLT1, all numbers little-endian. A record begins with its
 * kind:
 *   F  a file is whole now: length of its path (2), path, mode (4), size (8), SHA-256 of all of it (32)
 *   N  the file of the blocks that follow: length of its path (2 bytes), path
 *   B  blocks: number of the first (4), how many bytes (4), the bytes (the last block of a file may be short)
 *   D  a folder: length of its path (2), path, mode (4)
 *   R  a file of the parent that is gone: length of its path (2), path
 *   E  the end; what has none is cut short
 * The SHA-256 of a file is only known when all of it was read, so its F comes after its blocks.
 */

const magic = Buffer.from('STOADLT1');

export interface FileFacts {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}

function damaged(reason: string): StoaError {
  return new StoaError('backup.damaged', `The increment cannot be read: ${reason}.`, {
    cure: 'Use another backup; "stoa backup verify" tells which are whole.',
    exitCode: exitCodes.checkFailed,
  });
}

function named(kind: string, path: string, extra = 0): Buffer {
  const name = Buffer.from(path);
  const record = Buffer.alloc(3 + name.length + extra);
  record.write(kind);
  record.writeUInt16LE(name.length, 1);
  name.copy(record, 3);
  return record;
}

/** Blocks that follow one another are kept as one record up to this many. */
const longestRun = 128;

/**
 * Compares the files of a new backup with the index of its parent, block by block. Give it each file in whatever pieces
 * it arrives in; it answers with what the increment has to hold. Works on the files of every major alike, because it
 * knows nothing of them.
 */
export class DeltaWriter {
  readonly #parent: BlockIndex | undefined;
  readonly #seen = new Set<string>();
  /** Of the new backup: what the next increment is compared with. */
  readonly index = new BlockIndex();
  #file: FileFacts | undefined;
  #whole: Hash = createHash('sha256');
  #hashes: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #block = 0;
  #run: Buffer[] = [];
  #runStart = 0;
  #isNamed = false;
  changedBlocks = 0;
  blocks = 0;

  /** Without a parent only the index is made: of a whole backup, which is kept by other means. */
  constructor(parent?: BlockIndex) {
    this.#parent = parent;
  }

  begin(): Buffer {
    return magic;
  }

  folder(path: string, mode: number): Buffer {
    const record = named('D', path, 4);
    record.writeUInt32LE(mode, record.length - 4);
    return record;
  }

  file(facts: FileFacts): void {
    this.#file = facts;
    this.#whole = createHash('sha256');
    this.#hashes = [];
    this.#block = 0;
    this.#isNamed = false;
  }

  /** The bytes may be overwritten afterwards. */
  *data(bytes: Buffer): Generator<Buffer> {
    // What only makes an index keeps no file.
    if (this.#parent !== undefined) this.#whole.update(bytes);
    let at = 0;
    if (this.#rest.length > 0) {
      const wanted = Math.min(blockSize - this.#rest.length, bytes.length);
      this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, wanted)]);
      at = wanted;
      if (this.#rest.length === blockSize) {
        const block = this.#rest;
        this.#rest = Buffer.alloc(0);
        yield* this.#take(block);
      }
    }
    for (; at + blockSize <= bytes.length; at += blockSize)
      yield* this.#take(bytes.subarray(at, at + blockSize));
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  *#take(block: Buffer): Generator<Buffer> {
    const digest = hash('sha256', block, 'buffer').subarray(0, hashSize);
    this.#hashes.push(digest);
    this.blocks += 1;
    const known = this.#parent?.hashOf(this.#file?.path ?? '', this.#block);
    if (this.#parent === undefined) {
      // Only counted.
    } else if (known?.equals(digest)) {
      yield* this.#flush();
    } else {
      this.changedBlocks += 1;
      if (this.#run.length === 0) this.#runStart = this.#block;
      this.#run.push(Buffer.from(block));
    }
    this.#block += 1;
    if (this.#run.length === longestRun) yield* this.#flush();
  }

  *#flush(): Generator<Buffer> {
    if (this.#run.length === 0) return;
    if (!this.#isNamed) yield named('N', this.#file?.path ?? '');
    this.#isNamed = true;
    const bytes = Buffer.concat(this.#run);
    this.#run = [];
    const head = Buffer.alloc(9);
    head.write('B');
    head.writeUInt32LE(this.#runStart, 1);
    head.writeUInt32LE(bytes.length, 5);
    yield head;
    yield bytes;
  }

  *endOfFile(): Generator<Buffer> {
    const facts = this.#file;
    if (facts === undefined) throw new TypeError('no file was begun');
    if (this.#rest.length > 0) {
      const block = this.#rest;
      this.#rest = Buffer.alloc(0);
      yield* this.#take(block);
    }
    yield* this.#flush();
    const record = named('F', facts.path, 4 + 8 + 32);
    record.writeUInt32LE(facts.mode, record.length - 44);
    record.writeBigUInt64LE(BigInt(facts.size), record.length - 40);
    this.#whole.digest().copy(record, record.length - 32);
    yield record;
    this.index.add(facts.path, facts.size, Buffer.concat(this.#hashes));
    this.#seen.add(facts.path);
    this.#file = undefined;
  }

  *end(): Generator<Buffer> {
    for (const path of this.#parent?.paths ?? []) if (!this.#seen.has(path)) yield named('R', path);
    yield Buffer.from('E');
  }
}

export type DeltaRecord =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'blocks'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      readonly sha256: string;
    }
  | { readonly kind: 'removed'; readonly path: string };

/** Takes an increment in pieces of any size. Refuses backup.damaged. */
export class DeltaReader {
  #bytes: Buffer = Buffer.alloc(0);
  #hasBegun = false;
  #isOver = false;
  #path = '';

  *feed(piece: Buffer): Generator<DeltaRecord> {
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    if (!this.#hasBegun) {
      if (this.#bytes.length < magic.length) return;
      if (!this.#bytes.subarray(0, magic.length).equals(magic)) throw damaged('it does not begin as one');
      this.#bytes = this.#bytes.subarray(magic.length);
      this.#hasBegun = true;
    }
    for (;;) {
      const record = this.#next();
      if (record === undefined) break;
      if (record !== 'name') yield record;
    }
    // What is kept must not be a view of what the caller may fill again.
    this.#bytes = Buffer.from(this.#bytes);
  }

  end(): void {
    if (!this.#isOver || this.#bytes.length > 0) throw damaged('it is cut short');
  }

  #next(): DeltaRecord | 'name' | undefined {
    const bytes = this.#bytes;
    if (bytes.length === 0 || this.#isOver) return undefined;
    const kind = String.fromCharCode(bytes.readUInt8(0));
    if (kind === 'E') {
      this.#isOver = true;
      this.#bytes = bytes.subarray(1);
      return undefined;
    }
    if (kind === 'B') return this.#blocks();
    const extra = { N: 0, F: 44, D: 4, R: 0 }[kind];
    if (extra === undefined) throw damaged(`there is a record of the kind ${JSON.stringify(kind)}`);
    if (bytes.length < 3) return undefined;
    const end = 3 + bytes.readUInt16LE(1);
    if (bytes.length < end + extra) return undefined;
    const path = bytes.toString('utf8', 3, end);
    if (path.startsWith('/') || path.split('/').includes('..')) throw damaged(`${path} lies outside`);
    this.#bytes = bytes.subarray(end + extra);
    if (kind === 'N') {
      this.#path = path;
      return 'name';
    }
    if (kind === 'R') return { kind: 'removed', path };
    const mode = bytes.readUInt32LE(end);
    if (kind === 'D') return { kind: 'folder', path, mode };
    const size = Number(bytes.readBigUInt64LE(end + 4));
    return { kind: 'file', path, mode, size, sha256: bytes.toString('hex', end + 12, end + 44) };
  }

  #blocks(): DeltaRecord | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 9) return undefined;
    const first = bytes.readUInt32LE(1);
    const length = bytes.readUInt32LE(5);
    if (bytes.length < 9 + length) return undefined;
    this.#bytes = bytes.subarray(9 + length);
    return {
      kind: 'blocks',
      path: this.#path,
      offset: first * blockSize,
      bytes: Buffer.from(bytes.subarray(9, 9 + length)),
    };
  }
}
