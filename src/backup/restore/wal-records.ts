import type { Lsn } from '../wal/position.ts';

/*
 * Just enough of the form of the write-ahead log to know where its last whole record begins (PostgreSQL,
 * src/include/access/xlog_internal.h and xlogrecord.h; the same in 15 to 18).
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

  /** `count` bytes from `at` on, over the headers of pages between, and where they end. */
  take(at: number, count: number): { readonly bytes: Buffer; readonly end: number } | undefined {
    const parts: Buffer[] = [];
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
      position += part.length;
      left -= part.length;
    }
    return { bytes: Buffer.concat(parts), end: position };
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
