import { describe, expect, test } from 'vitest';
import { lastRecord } from '../../src/backup/restore/wal-records.ts';
import { coverageOf, guessHistory } from '../../src/backup/wal-coverage.ts';

const segmentSize = 16 * 1024 * 1024;
const at = (segment: number, byte = 0): bigint => BigInt(segment) * BigInt(segmentSize) + BigInt(byte);
const file = (timeline: number, segment: number): string =>
  [timeline, 0, segment].map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('');

describe('the log that follows a position', () => {
  const ask = (names: readonly string[], left: { timeline: number; end: bigint }[] = [], timeline = 1) =>
    coverageOf({ names: new Set(names), left, timeline, from: at(2), segmentSize });

  test('goes from file to file and ends with a beginning', () => {
    const names = [file(1, 1), file(1, 2), file(1, 3), `${file(1, 4)}.partial`];
    expect(ask(names)).toEqual({ files: names.slice(1), until: at(4), gap: undefined });
    expect(ask([])).toEqual({ files: [], until: at(2), gap: undefined });
  });

  test('names the first file that is missing before others', () => {
    expect(ask([file(1, 2), file(1, 4), file(1, 5)])).toEqual({
      files: [file(1, 2)],
      until: at(3),
      gap: file(1, 3),
    });
    expect(ask([`${file(1, 2)}.partial`, file(1, 3)])).toMatchObject({ gap: file(1, 2) });
  });

  test('prefers a whole file to its beginning, and a newer timeline from where it began', () => {
    const old = [file(1, 2), `${file(1, 2)}.partial`, file(1, 3), file(1, 4), file(1, 6), '00000002.history'];
    const left = [{ timeline: 1, end: at(3, 500) }];
    const names = [...old, file(2, 3), file(2, 4)];
    expect(ask(names, left, 2)).toEqual({
      files: [file(1, 2), file(2, 3), file(2, 4)],
      until: at(5),
      // What the old timeline went on to write is not part of it.
      gap: undefined,
    });
    // Nothing of the new timeline is archived yet: the file that it began in is that of the old one.
    expect(ask(old.slice(0, 3), left, 2)).toMatchObject({ files: [file(1, 2), file(1, 3)], gap: undefined });
  });

  test('is guessed from names where no history can be read', () => {
    const names = new Set([file(1, 2), file(1, 3), file(2, 3), file(2, 4), '00000002.history']);
    const path = guessHistory(names, 1, segmentSize);
    expect(path).toEqual({ left: [{ timeline: 1, end: at(3, 1) }], timeline: 2 });
    expect(coverageOf({ names, ...path, from: at(2), segmentSize })).toEqual({
      files: [file(1, 2), file(2, 3), file(2, 4)],
      until: at(5),
      gap: undefined,
    });
  });
});

test('what is no log, and what a file held before it was used again, has no last record', () => {
  expect(lastRecord(Buffer.alloc(segmentSize), at(3))).toBeUndefined();
  const used = Buffer.alloc(8192);
  used.writeUInt16LE(0xd116, 0);
  used.writeUInt16LE(2, 2);
  used.writeBigUInt64LE(at(1), 8);
  used.writeUInt32LE(segmentSize, 32);
  used.writeUInt32LE(8192, 36);
  expect(lastRecord(used, at(3))).toBeUndefined();
});
