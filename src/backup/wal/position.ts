import { timelineName } from '../wal-archive.ts';

/**
 * A position in the write-ahead log as a number of bytes. The server writes it as two hexadecimal halves with a slash
 * between (`0/1A2B3C4D`).
 */
export type Lsn = bigint;

export function parseLsn(text: string): Lsn {
  const halves = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (!halves) throw new TypeError(`${JSON.stringify(text)} is no position in the log`);
  return (BigInt(`0x${halves[1]}`) << 32n) | BigInt(`0x${halves[2]}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}

/** Where the segment that holds `lsn` begins. */
export function segmentStart(lsn: Lsn, segmentSize: number): Lsn {
  return lsn - (lsn % BigInt(segmentSize));
}

/** Name of the segment that holds `lsn`: timeline, and the number of the segment in two parts. */
export function segmentName(timeline: number, lsn: Lsn, segmentSize: number): string {
  const perPart = 0x1_0000_0000n / BigInt(segmentSize);
  const number = lsn / BigInt(segmentSize);
  const part = (value: bigint): string => value.toString(16).toUpperCase().padStart(8, '0');
  return `${timelineName(timeline)}${part(number / perPart)}${part(number % perPart)}`;
}

export interface SegmentPlace {
  readonly timeline: number;
  readonly start: Lsn;
}

/** Which bytes a segment of that name holds; the ending `.partial` is not minded. */
export function placeOf(name: string, segmentSize: number): SegmentPlace {
  const parts = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(?:\.partial)?$/.exec(name);
  if (!parts) throw new TypeError(`${JSON.stringify(name)} is no segment of the log`);
  const perPart = 0x1_0000_0000n / BigInt(segmentSize);
  const number = BigInt(`0x${parts[2]}`) * perPart + BigInt(`0x${parts[3]}`);
  return { timeline: Number.parseInt(parts[1] ?? '', 16), start: number * BigInt(segmentSize) };
}

/** The size of a segment as `SHOW wal_segment_size` tells it. */
export function parseSegmentSize(text: string): number {
  const parts = /^(\d+)(kB|MB|GB)?$/.exec(text);
  const units = { kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;
  const unit = parts?.[2] as keyof typeof units | undefined;
  const size = Number(parts?.[1]) * (unit === undefined ? 1 : units[unit]);
  if (!Number.isInteger(size) || size < 1024 ** 2) throw new TypeError(`${JSON.stringify(text)} is no size`);
  return size;
}

/** One line of the history of a timeline: `timeline` was left for the next one at `end`. */
export interface TimelineEnd {
  readonly timeline: number;
  readonly end: Lsn;
}

/** What `TIMELINE_HISTORY` answers with, oldest first (manual, section 26.3.6: a timeline, a position and a reason a line). */
export function parseHistory(text: string): readonly TimelineEnd[] {
  const ends: TimelineEnd[] = [];
  for (const line of text.split('\n')) {
    const parts = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/.exec(line);
    if (parts) ends.push({ timeline: Number(parts[1]), end: parseLsn(parts[2] ?? '') });
  }
  return ends;
}
