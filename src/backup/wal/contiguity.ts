import { type Lsn, placeOf, segmentName } from './position.ts';

/** Segments that no one has, from the first to the last, of one timeline. */
export interface MissingSegments {
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

/**
 * What is missing between the segments of an archive. `names` are as `listWal` gives them; a begun segment counts as
 * there. With `from`, the position where the newest backup begins, everything before it is not minded, and its own
 * segment has to be there.
 */
export function findMissing(
  names: readonly string[],
  segmentSize: number,
  from?: { readonly timeline: number; readonly lsn: Lsn },
): readonly MissingSegments[] {
  const size = BigInt(segmentSize);
  const numbers = new Map<number, bigint[]>();
  for (const name of names) {
    if (name.endsWith('.history')) continue;
    const { timeline, start } = placeOf(name, segmentSize);
    const number = start / size;
    const isBefore = from !== undefined && (timeline < from.timeline || number < from.lsn / size);
    if (isBefore) continue;
    numbers.set(timeline, [...(numbers.get(timeline) ?? []), number]);
  }
  const missing: MissingSegments[] = [];
  const note = (timeline: number, first: bigint, last: bigint): void => {
    missing.push({
      first: segmentName(timeline, first * size, segmentSize),
      last: segmentName(timeline, last * size, segmentSize),
      count: Number(last - first) + 1,
    });
  };
  let end = from === undefined ? undefined : from.lsn / size - 1n;
  for (const timeline of [...numbers.keys()].sort((a, b) => a - b)) {
    const sorted = [...new Set(numbers.get(timeline))].sort((a, b) => (a < b ? -1 : 1));
    // A timeline goes on in the segment where the one before was left, or in an earlier one.
    let expected = end === undefined ? sorted[0] : end + 1n;
    for (const number of sorted) {
      if (expected !== undefined && number > expected) note(timeline, expected, number - 1n);
      expected = number + 1n;
    }
    end = expected === undefined ? end : expected - 1n;
  }
  return missing;
}
