import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { keepLogInside } from '../../src/backup/restore/log-inside.ts';
import { createdTablespaces, lastRecord } from '../../src/backup/restore/wal-records.ts';
import { segmentName } from '../../src/backup/wal/position.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-log-inside-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pageSize = 8192;
const segmentSize = 1024 * 1024;

function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** As a server writes it (src/include/access/xlogrecord.h, commands/tablespace.h). */
function record(oid: number, location: string, previous: bigint): Buffer {
  const data = Buffer.concat([Buffer.alloc(4), Buffer.from(`${location}\0`)]);
  data.writeUInt32LE(oid);
  const head = data.length > 255 ? Buffer.alloc(5) : Buffer.alloc(2);
  head.writeUInt8(data.length > 255 ? 0xfe : 0xff);
  if (data.length > 255) head.writeUInt32LE(data.length, 1);
  else head.writeUInt8(data.length, 1);
  const bytes = Buffer.concat([Buffer.alloc(24), head, data]);
  bytes.writeUInt32LE(bytes.length);
  bytes.writeBigUInt64LE(previous, 8);
  bytes.writeUInt8(5, 17);
  bytes.writeUInt32LE(crc32c(Buffer.concat([bytes.subarray(24), bytes.subarray(0, 20)])), 20);
  return bytes;
}

/** Pages of the log from `start` on, with one record that begins at `at`. */
function log(start: bigint, size: number, bytes: Buffer, at: number): Buffer {
  const pages = Buffer.alloc(size);
  const continued = new Map<number, number>();
  for (let place = at, done = 0; done < bytes.length; ) {
    if (place % pageSize === 0) {
      continued.set(place, bytes.length - done);
      place += place % segmentSize === 0 ? 40 : 24;
    }
    const count = Math.min(pageSize - (place % pageSize), bytes.length - done);
    bytes.copy(pages, place, done, done + count);
    place += count;
    done += count;
  }
  for (let page = 0; page < size; page += pageSize) {
    const left = continued.get(page) ?? 0;
    const isFirst = page % segmentSize === 0;
    pages.writeUInt16LE(0xd118, page);
    pages.writeUInt16LE((left > 0 ? 1 : 0) | (isFirst ? 2 : 0), page + 2);
    pages.writeUInt32LE(1, page + 4);
    pages.writeBigUInt64LE(start + BigInt(page), page + 8);
    pages.writeUInt32LE(left, page + 16);
    if (isFirst) {
      pages.writeUInt32LE(segmentSize, page + 32);
      pages.writeUInt32LE(pageSize, page + 36);
    }
  }
  return pages;
}

const start = 0x300_0000n;
const longest = `/tables/${'x'.repeat(900)}`;

// Each place where a page can cut it in two.
for (const location of ['/tables', longest]) {
  test(`a record that names a folder of ${location.length} letters is found and changed wherever a page ends`, () => {
    const bytes = record(16_400, location, 0n);
    const first = 2 * pageSize - Math.ceil(bytes.length / 8) * 8 - 8;
    for (let at = first; at < 2 * pageSize; at += 8) {
      const pages = log(start, 4 * pageSize, bytes, at);
      const found = [...createdTablespaces(pages, start, pageSize)];
      expect(found).toMatchObject([{ oid: '16400', location, lsn: start + BigInt(at) }]);
      for (const { at: place, bytes: patch } of found[0]?.patches ?? []) patch.copy(pages, place);
      // It has the checksum of what it says now: a server takes it.
      expect([...createdTablespaces(pages, start, pageSize)]).toMatchObject([{ oid: '16400', location: '' }]);
    }
  });
}

test('a record that begins in one file and ends in the next is changed in both', async () => {
  const bytes = record(16_401, longest, 0n);
  for (const before of [8, 16, 24, 40, 400, 936]) {
    const folder = join(root, String(before));
    mkdirSync(folder);
    const pages = log(start, 2 * segmentSize, bytes, segmentSize - before);
    const names = [0n, BigInt(segmentSize)].map((offset) => segmentName(1, start + offset, segmentSize));
    names.forEach((name, index) => {
      writeFileSync(join(folder, name), pages.subarray(index * segmentSize, (index + 1) * segmentSize));
    });
    expect(await keepLogInside(folder, segmentSize)).toMatchObject([{ oid: '16401', location: longest }]);
    expect(await keepLogInside(folder, segmentSize)).toMatchObject([{ oid: '16401', location: '' }]);
    const both = Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
    expect(lastRecord(both.subarray(0, segmentSize), start)).toBeUndefined();
  }
});

test('what only looks like one is left as it is', async () => {
  const folder = join(root, 'other');
  mkdirSync(folder);
  const bytes = record(16_402, '/tables', 0n);
  bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30);
  const name = segmentName(1, start, segmentSize);
  const pages = log(start, segmentSize, bytes, 2 * pageSize + 24);
  writeFileSync(join(folder, name), pages);
  expect(await keepLogInside(folder, segmentSize)).toEqual([]);
  expect(readFileSync(join(folder, name)).equals(pages)).toBe(true);
});
