import { createHash } from 'node:crypto';

/**
 * A version 7 UUID (RFC 9562) for something that has a time and an origin: its random part is a digest of the origin,
 * so that the same thing always gets the same id. The database makes its own with core.uuidv7().
 */
export function uuidv7At(time: Date, origin: string): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(time.getTime(), 0, 6);
  createHash('sha256').update(origin).digest().copy(bytes, 6, 0, 10);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** How many places one millisecond has for `uuidv7InOrder`. */
const placesInAMillisecond = 4096;

/**
 * The same for one of several things of the same moment, whose identifiers are to ascend in a given order: the place,
 * counted from 0, takes the twelve bits after the time (RFC 9562, section 6.2, method 1), and what they cannot hold is
 * carried over to the next millisecond.
 */
export function uuidv7InOrder(time: Date, place: number, origin: string): string {
  const id = uuidv7At(new Date(time.getTime() + Math.floor(place / placesInAMillisecond)), origin);
  const digits = (place % placesInAMillisecond).toString(16).padStart(3, '0');
  return `${id.slice(0, 15)}${digits}${id.slice(18)}`;
}
