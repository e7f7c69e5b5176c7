import { exitCodes, StoaError } from '../../errors.ts';
import { formatLsn, type Lsn, placeOf } from './position.ts';

/** What the first page of a segment says of itself (XLogLongPageHeaderData of src/include/access/xlog_internal.h). */
export interface SegmentHeader {
  readonly timeline: number;
  readonly start: Lsn;
  /** As a text: larger than what a number of JSON holds. */
  readonly systemIdentifier: string;
  readonly segmentSize: number;
}

const headerSize = 40;
/** XLP_LONG_HEADER: the page begins a segment and carries the identifier of its cluster. */
const longHeader = 0x0002;

/** Undefined where these bytes do not begin a segment: a file that was never written, or that is something else. */
export function readSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < headerSize) return undefined;
  const isLong = (bytes.readUInt16LE(2) & longHeader) !== 0;
  // 0xD110 is version 15; each major counts up.
  if (bytes.readUInt8(1) !== 0xd1 || !isLong) return undefined;
  return {
    timeline: bytes.readUInt32LE(4),
    start: bytes.readBigUInt64LE(8),
    systemIdentifier: bytes.readBigUInt64LE(24).toString(),
    segmentSize: bytes.readUInt32LE(32),
  };
}

/**
 * Refuses wal.foreign_segment where the content is not that of its name and cluster. The timeline within may be an
 * older one: the first segment of a new timeline begins as a copy of the last of the old.
 */
export function checkSegment(name: string, bytes: Buffer, systemIdentifier?: string): SegmentHeader {
  const header = readSegmentHeader(bytes);
  const refuse = (reason: string): StoaError =>
    new StoaError('wal.foreign_segment', `${name} is not that segment of the log: ${reason}.`, {
      cure: 'See which server writes there: each needs a storage of its own for its log.',
      exitCode: exitCodes.checkFailed,
    });
  if (header === undefined) throw refuse('it does not begin as one');
  const place = placeOf(name, header.segmentSize);
  if (header.start !== place.start) throw refuse(`it holds what begins at ${formatLsn(header.start)}`);
  if (header.timeline > place.timeline) throw refuse(`it is of timeline ${header.timeline}`);
  if (systemIdentifier !== undefined && header.systemIdentifier !== systemIdentifier) {
    throw refuse(`it is of cluster ${header.systemIdentifier}, not ${systemIdentifier}`);
  }
  return header;
}
