import { buffer } from 'node:stream/consumers';
import type { PhysicalBackup } from './catalog.ts';
import type { Vault } from './vault.ts';
import {
  formatLsn,
  type Lsn,
  parseHistory,
  parseLsn,
  placeOf,
  segmentName,
  segmentStart,
  type TimelineEnd,
} from './wal/position.ts';
import { findWal, listWal, timelineName } from './wal-archive.ts';

/** Which log follows a backup without a hole. */
export interface Coverage {
  /** Names in the order of the log; the last may be a `.partial`. */
  readonly files: readonly string[];
  /** The first byte that is not covered: the end of a whole file, or the beginning of a partial one. */
  readonly until: Lsn;
  /** A file that is missing although later ones are there. */
  readonly gap: string | undefined;
}

/** Size of a file of the log where an entry does not say. */
export const usualSegmentSize = 16 * 1024 * 1024;

export interface CoverageQuestion {
  readonly names: ReadonlySet<string>;
  /** The timelines that were left, oldest first, and the one that the log is followed to. */
  readonly left: readonly TimelineEnd[];
  readonly timeline: number;
  readonly from: Lsn;
  readonly segmentSize: number;
}

/** Where a timeline begins, in whole files: its first one holds the end of the one before. */
function timelinesAt({ left, timeline, segmentSize }: CoverageQuestion, start: Lsn): readonly number[] {
  const known = [...left, { timeline, end: undefined }];
  return known
    .filter((_, index) => {
      const before = known[index - 1]?.end;
      const begins = before === undefined || segmentStart(before, segmentSize) <= start;
      const end = known[index]?.end;
      return begins && (end === undefined || start < end);
    })
    .map((line) => line.timeline)
    .reverse();
}

/** Follows the log from a position on as the server will: the newest timeline that has the file comes first. */
export function coverageOf(question: CoverageQuestion): Coverage {
  const { names, from, segmentSize } = question;
  const files: string[] = [];
  let start = segmentStart(from, segmentSize);
  for (;;) {
    const candidates = timelinesAt(question, start).map((line) => segmentName(line, start, segmentSize));
    const whole = candidates.find((name) => names.has(name));
    if (whole !== undefined) {
      files.push(whole);
      start += BigInt(segmentSize);
      continue;
    }
    const beginning = candidates.map((name) => `${name}.partial`).find((name) => names.has(name));
    const later = [...names].some((name) => {
      if (name.endsWith('.history')) return false;
      const place = placeOf(name, segmentSize);
      return place.start > start && timelinesAt(question, place.start).includes(place.timeline);
    });
    if (beginning !== undefined) files.push(beginning);
    return { files, until: start, gap: later ? candidates[0] : undefined };
  }
}

/** The first position whose log has to come from the archive: a backup holds the files from its beginning to its end. */
export function logFrom(entry: PhysicalBackup): Lsn {
  const segmentSize = entry.walSegmentSize ?? usualSegmentSize;
  // The end is just behind the last record, so a file that it begins is not among those.
  return segmentStart(parseLsn(entry.endLsn) - 1n, segmentSize) + BigInt(segmentSize);
}

/**
 * The ends of the timelines that were left, guessed from names alone: a timeline begins in its first file. For whoever
 * has no key to read the histories.
 */
export function guessHistory(
  names: ReadonlySet<string>,
  timeline: number,
  segmentSize: number,
): { readonly left: readonly TimelineEnd[]; readonly timeline: number } {
  const first = new Map<number, Lsn>();
  for (const name of names) {
    if (name.endsWith('.history')) continue;
    const place = placeOf(name, segmentSize);
    const known = first.get(place.timeline);
    if (known === undefined || place.start < known) first.set(place.timeline, place.start);
  }
  const later = [...first].filter(([line]) => line > timeline).sort(([a], [b]) => a - b);
  const left: TimelineEnd[] = [];
  let current = timeline;
  for (const [line, start] of later) {
    left.push({ timeline: current, end: start + 1n });
    current = line;
  }
  return { left, timeline: current };
}

export interface ReadCoverage extends Coverage {
  readonly timeline: number;
  readonly left: readonly TimelineEnd[];
  /** Files that are there although the storage did not list them. */
  readonly unlisted: readonly string[];
}

async function readHistory(vault: Vault, timeline: number): Promise<readonly TimelineEnd[] | undefined> {
  const wal = await findWal(vault, `${timelineName(timeline)}.history`);
  if (!wal) return undefined;
  return parseHistory((await buffer(await vault.read(wal.artifact))).toString('utf8'));
}

/** The newest timeline that goes on from a backup, or the one that is wanted. */
async function chooseTimeline(
  vault: Vault,
  names: ReadonlySet<string>,
  entry: PhysicalBackup,
  wanted: number | undefined,
): Promise<{ readonly left: readonly TimelineEnd[]; readonly timeline: number }> {
  const known = [...names]
    .map((name) => /^([0-9A-F]{8})\.history$/.exec(name)?.[1])
    .filter((line) => line !== undefined)
    .map((line) => Number.parseInt(line, 16))
    .filter((line) => line > entry.timeline && (wanted === undefined || line === wanted))
    .sort((a, b) => b - a);
  for (const timeline of known) {
    const history = await readHistory(vault, timeline);
    const mine = history?.findIndex((line) => line.timeline === entry.timeline) ?? -1;
    const end = history?.[mine]?.end;
    if (history && end !== undefined && end >= parseLsn(entry.endLsn)) {
      return { left: history.slice(mine), timeline };
    }
  }
  return { left: [], timeline: entry.timeline };
}

/** What came into the storage while it was looked at is listed by now. */
async function stillUnlisted(vault: Vault, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return names;
  const listed = new Set(await listWal(vault));
  return names.filter((name) => !listed.has(name) && !listed.has(name.replace(/\.partial$/, '')));
}

/**
 * Reads which log follows a backup. A storage may list late: before a file counts as missing it is asked for by its
 * name. Needs a key where a history is encrypted and `isGuess` is not set.
 */
export async function readCoverage(
  vault: Vault,
  entry: PhysicalBackup,
  options: {
    readonly timeline?: number;
    readonly isGuess?: boolean;
    readonly listed?: readonly string[];
  } = {},
): Promise<ReadCoverage> {
  const names = new Set(options.listed ?? (await listWal(vault)));
  const segmentSize = entry.walSegmentSize ?? usualSegmentSize;
  const path = options.isGuess
    ? guessHistory(names, entry.timeline, segmentSize)
    : await chooseTimeline(vault, names, entry, options.timeline);
  const unlisted: string[] = [];
  for (;;) {
    const question = { names, ...path, from: logFrom(entry), segmentSize };
    const coverage = coverageOf(question);
    const next = segmentName(path.timeline, coverage.until, segmentSize);
    const found = [];
    for (const name of [next, `${next}.partial`]) {
      if (!names.has(name) && (await findWal(vault, name)) !== undefined) found.push(name);
    }
    if (found.length === 0) return { ...coverage, ...path, unlisted: await stillUnlisted(vault, unlisted) };
    unlisted.push(...found);
    for (const name of found) names.add(name);
  }
}

export function describeGap(coverage: Coverage): string {
  return `${coverage.gap} is missing, so the log ends at ${formatLsn(coverage.until)}`;
}
