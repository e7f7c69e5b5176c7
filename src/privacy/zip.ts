import { Buffer } from 'node:buffer';
import { crc32, createDeflateRaw } from 'node:zlib';
import { exitCodes, StoaError } from '../errors.ts';

/** One file of an archive. */
export interface ZipEntry {
  /** With slashes between folders. */
  readonly name: string;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
  /** Pictures and archives do not get smaller. */
  readonly isCompressed?: boolean;
}

const localSignature = 0x04034b50;
const descriptorSignature = 0x08074b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
/** Sizes follow the data; names are UTF-8. */
const flags = 0x0808;
const limit = 0xffff_ffff;

interface Written {
  readonly name: Buffer;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** MS-DOS date and time, to two seconds. */
function stampOf(date: Date): { readonly time: number; readonly day: number } {
  return {
    time: (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1),
    day: ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(),
  };
}

function tooLarge(what: string): StoaError {
  return new StoaError(
    'privacy.export_too_large',
    `${what} is larger than 4 GiB, which an archive cannot hold.`,
    {
      cure: 'Export without the bytes of uploads: stoa privacy export --no-files.',
      exitCode: exitCodes.refused,
    },
  );
}

async function* chunksOf(content: ZipEntry['content']): AsyncGenerator<Uint8Array, void, undefined> {
  if (content instanceof Uint8Array) yield content;
  else yield* content;
}

/**
 * A ZIP archive (APPNOTE.TXT 6.3, without its 64-bit form) as it is read: one entry after the other goes through, nothing
 * is held but the list of names.
 */
export async function* zipOf(
  entries: AsyncIterable<ZipEntry>,
  now = new Date(),
): AsyncGenerator<Buffer, void, undefined> {
  const { time, day } = stampOf(now);
  const written: Written[] = [];
  let offset = 0;
  for await (const { name: text, content, isCompressed = true } of entries) {
    const name = Buffer.from(text, 'utf8');
    const method = isCompressed ? 8 : 0;
    const head = Buffer.alloc(30);
    head.writeUInt32LE(localSignature, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(flags, 6);
    head.writeUInt16LE(method, 8);
    head.writeUInt16LE(time, 10);
    head.writeUInt16LE(day, 12);
    head.writeUInt16LE(name.length, 26);
    yield Buffer.concat([head, name]);

    let crc = 0;
    let size = 0;
    let packed = 0;
    const measured = (async function* measure() {
      for await (const chunk of chunksOf(content)) {
        crc = crc32(chunk, crc);
        size += chunk.byteLength;
        yield Buffer.from(chunk);
      }
    })();
    for await (const chunk of isCompressed ? deflated(measured) : measured) {
      packed += chunk.length;
      yield chunk;
    }
    if (size > limit || packed > limit) throw tooLarge(text);
    const descriptor = Buffer.alloc(16);
    descriptor.writeUInt32LE(descriptorSignature, 0);
    descriptor.writeUInt32LE(crc, 4);
    descriptor.writeUInt32LE(packed, 8);
    descriptor.writeUInt32LE(size, 12);
    yield descriptor;
    written.push({ name, method, crc, packed, size, offset });
    offset += head.length + name.length + packed + descriptor.length;
    if (offset > limit) throw tooLarge('The archive');
  }

  let directory = 0;
  for (const entry of written) {
    const head = Buffer.alloc(46);
    head.writeUInt32LE(centralSignature, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(20, 6);
    head.writeUInt16LE(flags, 8);
    head.writeUInt16LE(entry.method, 10);
    head.writeUInt16LE(time, 12);
    head.writeUInt16LE(day, 14);
    head.writeUInt32LE(entry.crc, 16);
    head.writeUInt32LE(entry.packed, 20);
    head.writeUInt32LE(entry.size, 24);
    head.writeUInt16LE(entry.name.length, 28);
    head.writeUInt32LE(entry.offset, 42);
    directory += head.length + entry.name.length;
    yield Buffer.concat([head, entry.name]);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endSignature, 0);
  end.writeUInt16LE(written.length, 8);
  end.writeUInt16LE(written.length, 10);
  end.writeUInt32LE(directory, 12);
  end.writeUInt32LE(offset, 16);
  yield end;
}

async function* deflated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const deflate = createDeflateRaw();
  const feed = (async () => {
    try {
      for await (const chunk of source) {
        if (!deflate.write(chunk)) await new Promise((resolve) => deflate.once('drain', resolve));
      }
      deflate.end();
    } catch (error) {
      deflate.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  for await (const chunk of deflate) yield chunk;
  await feed;
}
