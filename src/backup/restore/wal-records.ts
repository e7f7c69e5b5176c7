import type { Lsn } from '../wal/position.ts';

/*
 * Just enough of the form of the write-ahead log to know where its last whole record begins, and which records make
 * tablespaces (PostgreSQL, src/include/access/xlog_internal.h and xlogrecord.h; the same in 15 to 18).
 */

const shortHeader = 24;
const longHeader = 40;
const recordHeader = 24;
const flags = { continues: 0x0001, long: 0x0002 } as const;
/** XLOG_SWITCH of the resource manager of the log itself: the rest of the file is empty. */
const switchRecord = { manager: 0, info: 0x40 } as const;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1;
  return value >>> 0;
});

/** CRC-32C, carried on from `state` (0xffffffff at the beginning, inverted at the end). */
function crc32c(bytes: Buffer, state: number): number {
  let crc = state;
  for (let at = 0; at < bytes.length; at += 1) {
    crc = (crcTable[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return crc >>> 0;
}

function align(position: number): number {
  return (position + 7) & ~7;
}

interface LogForm {
  readonly pageSize: number;
  readonly segmentSize: number;
}

/** The sizes that the first page of a file of the log tells; undefined where it is none. */
export function formOf(bytes: Buffer): LogForm | undefined {
  if (bytes.length < longHeader || (bytes.readUInt16LE(2) & flags.long) === 0) return undefined;
  const form = { segmentSize: bytes.readUInt32LE(32), pageSize: bytes.readUInt32LE(36) };
  const isPower = (size: number): boolean => size >= 1024 && (size & (size - 1)) === 0;
  return isPower(form.segmentSize) && isPower(form.pageSize) ? form : undefined;
}

interface Taken {
  readonly bytes: Buffer;
  readonly end: number;
  readonly parts: readonly { readonly at: number; readonly length: number }[];
}

/** Where byte `offset` of what was taken lies. */
function placeIn({ parts }: Taken, offset: number): number {
  let left = offset;
  for (const { at, length } of parts) {
    if (left < length) return at + left;
    left -= length;
  }
  throw new RangeError(`there is no byte ${offset}`);
}

class Pages {
  readonly bytes: Buffer;
  readonly start: Lsn;
  readonly #pageSize: number;

  constructor(bytes: Buffer, start: Lsn, pageSize: number) {
    this.bytes = bytes;
    this.start = start;
    this.#pageSize = pageSize;
  }

  /** Length of the header of the page that begins at `at`; undefined where the log does not go on there. */
  header(at: number, continued: number | undefined): number | undefined {
    if (at + longHeader > this.bytes.length) return undefined;
    if (this.bytes.readBigUInt64LE(at + 8) !== this.start + BigInt(at)) return undefined;
    const info = this.bytes.readUInt16LE(at + 2);
    if (continued !== undefined) {
      const isSame = (info & flags.continues) !== 0 && this.bytes.readUInt32LE(at + 16) === continued;
      if (!isSame) return undefined;
    }
    return info & flags.long ? longHeader : shortHeader;
  }

  /** What is left on a page of the record before; 0 where a record begins. */
  leftOf(at: number): number {
    return this.bytes.readUInt16LE(at + 2) & flags.continues ? this.bytes.readUInt32LE(at + 16) : 0;
  }

  /** `count` bytes from `at` on, over the headers of pages between, where they end, and where each part begins. */
  take(at: number, count: number): Taken | undefined {
    const parts: Buffer[] = [];
    const places: { readonly at: number; readonly length: number }[] = [];
    let position = at;
    let left = count;
    while (left > 0) {
      if (position % this.#pageSize === 0) {
        const size = this.header(position, left);
        if (size === undefined) return undefined;
        position += size;
      }
      const room = this.#pageSize - (position % this.#pageSize);
      const part = this.bytes.subarray(position, position + Math.min(room, left));
      if (part.length === 0) return undefined;
      parts.push(part);
      places.push({ at: position, length: part.length });
      position += part.length;
      left -= part.length;
    }
    return { bytes: Buffer.concat(parts), end: position, parts: places };
  }
}

/**
 * Where the last record begins that is whole, in bytes that begin with a file of the log; undefined where no record
 * begins there. What a file held before it was used again does not count.
 */
export function lastRecord(bytes: Buffer, start: Lsn): Lsn | undefined {
  const form = formOf(bytes);
  if (!form) return undefined;
  const pages = new Pages(bytes, start, form.pageSize);
  const first = pages.header(0, undefined);
  if (first === undefined) return undefined;
  const left = pages.leftOf(0);
  const rest = left === 0 ? undefined : pages.take(first, left);
  if (left > 0 && rest === undefined) return undefined;
  let at = align(rest?.end ?? first);
  let last: Lsn | undefined;
  let previous: Lsn | undefined;
  for (;;) {
    if (at % form.pageSize === 0) {
      const size = pages.header(at, undefined);
      if (size === undefined || pages.leftOf(at) > 0) return last;
      at += size;
    }
    if (at + 4 > bytes.length) return last;
    const length = bytes.readUInt32LE(at);
    if (length < recordHeader) return last;
    const record = pages.take(at, length);
    if (!record) return last;
    const body = record.bytes;
    if (previous !== undefined && body.readBigUInt64LE(8) !== previous) return last;
    const crc = ~crc32c(body.subarray(0, 20), crc32c(body.subarray(recordHeader), 0xffff_ffff)) >>> 0;
    if (crc !== body.readUInt32LE(20)) return last;
    previous = start + BigInt(at);
    last = previous;
    at = align(record.end);
    const isSwitch =
      body.readUInt8(17) === switchRecord.manager && (body.readUInt8(16) & 0xf0) === switchRecord.info;
    if (isSwitch && at % form.segmentSize !== 0) at += form.segmentSize - (at % form.segmentSize);
  }
}

/** A record of the log by which a server makes a tablespace when it replays it. */
export interface CreatedTablespace {
  readonly oid: string;
  /** Empty where it lies in the data directory. */
  readonly location: string;
  readonly lsn: Lsn;
}

export interface FoundTablespace extends CreatedTablespace {
  /** What the record needs to make it in the data directory instead: bytes, by their place in what was searched. */
  readonly patches: readonly { readonly at: number; readonly bytes: Buffer }[];
}

/** Information 0 (XLOG_TBLSPC_CREATE) of the resource manager 5, and padding. */
const createTablespace = 0x0000_0500;
/** No location is longer than 1024. */
const longestCreate = 2048;

/**
 * The records that make tablespaces, anywhere in pages of the log: the first begins at `start`. Records are found by their
 * form and known by their checksum, so what a file held before it was used again may be among them.
 */
export function* createdTablespaces(bytes: Buffer, start: Lsn, pageSize: number): Generator<FoundTablespace> {
  const pages = new Pages(bytes, start, pageSize);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
  // Records begin at multiples of eight, and so does their third part: it is never cut in two by a page.
  for (let word = 0; word < words.length; word += 2) {
    if (words[word] !== createTablespace) continue;
    const at = beginningOf(pages, word * 4, pageSize);
    const found = at === undefined ? undefined : createdBy(pages, at);
    if (found !== undefined) yield found;
  }
}

/** Where the record begins whose byte 16 is at `place`. */
function beginningOf(pages: Pages, place: number, pageSize: number): number | undefined {
  const page = place - (place % pageSize);
  const header = pages.header(page, undefined);
  if (header === undefined || place < page + header) return undefined;
  const onPage = place - page - header;
  const at = onPage >= 16 ? place - 16 : page - (16 - onPage);
  return at < 0 ? undefined : at;
}

function createdBy(pages: Pages, at: number): FoundTablespace | undefined {
  const length = pages.bytes.readUInt32LE(at);
  if (length < recordHeader + 7 || length > longestCreate) return undefined;
  const taken = pages.take(at, length);
  if (taken === undefined) return undefined;
  const record = taken.bytes;
  const checksum = (): number =>
    ~crc32c(record.subarray(0, 20), crc32c(record.subarray(recordHeader), 0xffff_ffff)) >>> 0;
  if (checksum() !== record.readUInt32LE(20)) return undefined;
  // Its data are behind a letter and their length, which is of one byte or of four.
  const data = recordHeader + (record.readUInt8(recordHeader) === 0xff ? 2 : 5);
  const path = data + 4;
  const oid = String(record.readUInt32LE(data));
  const location = record.toString('utf8', path, Math.max(path, record.indexOf(0, path)));
  record[path] = 0;
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(checksum());
  const patches = [
    { at: placeIn(taken, path), bytes: Buffer.of(0) },
    { at: placeIn(taken, 20), bytes: crc },
  ];
  return { oid, location, lsn: pages.start + BigInt(at), patches: location === '' ? [] : patches };
}
