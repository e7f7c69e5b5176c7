import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileTypeFromBuffer } from 'file-type';
import { imageSize } from 'image-size';

/** What the bytes of a file say of themselves. */
export interface Content {
  readonly contentType: string | undefined;
  readonly size: number;
  readonly sha256: Buffer;
  /** Pixels; undefined for what is no picture. */
  readonly pixels: { readonly width: number; readonly height: number } | undefined;
}

/** Enough for the signature of every type, and for the dimensions of most pictures. */
const headBytes = 256 * 1024;

function isText(head: Buffer, isWhole: boolean): boolean {
  if (head.includes(0)) return false;
  try {
    // A character may be cut at the end of the head.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
}

/** A bencoded dictionary with a torrent in it, which is known by nothing but that (BEP 3). */
function isMetainfo(head: Buffer): boolean {
  return /^d\d{1,9}:/.test(head.toString('latin1', 0, 16)) && head.includes('4:infod');
}

function pixelsOf(head: Buffer): Content['pixels'] {
  try {
    const { width, height, orientation = 1 } = imageSize(head);
    if (width < 1 || height < 1) return undefined;
    // EXIF 5 to 8: shown lying on its side.
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return undefined;
  }
}

/** Passes the bytes through and looks at them; `content` is known when they have all gone by. */
export function inspected(source: Readable): {
  readonly body: AsyncIterable<Buffer>;
  content(): Promise<Content>;
} {
  const hash = createHash('sha256');
  const head: Buffer[] = [];
  let headLength = 0;
  let size = 0;
  return {
    body: (async function* look() {
      for await (const chunk of source) {
        const bytes = Buffer.from(chunk);
        hash.update(bytes);
        size += bytes.length;
        if (headLength < headBytes) {
          head.push(bytes);
          headLength += bytes.length;
        }
        yield bytes;
      }
    })(),
    async content() {
      const first = Buffer.concat(head);
      const found = await fileTypeFromBuffer(first);
      const contentType =
        found?.mime ??
        (isMetainfo(first) ? 'application/x-bittorrent' : undefined) ??
        (isText(first, first.length === size) ? 'text/plain' : undefined);
      return {
        contentType,
        size,
        sha256: hash.digest(),
        pixels: contentType?.startsWith('image/') ? pixelsOf(first) : undefined,
      };
    },
  };
}
