import { Readable } from 'node:stream';
import type { Body } from './storage.ts';

/** What is put into storage, measured while it goes by. */
export interface Source {
  /** A piece is only good until the next is asked for. */
  readonly content: Uint8Array | AsyncIterable<Buffer>;
  /** Bytes so far. */
  size(): number;
  /** What a stream broke with: said to whoever put it, rather than what the storage made of that. */
  fault(): Error | null;
}

export function sourceOf(body: Body): Source {
  if (body instanceof Uint8Array) return { content: body, size: () => body.byteLength, fault: () => null };
  // It may break before anything reads it; whoever reads it learns of it then, and the process goes on.
  if (body instanceof Readable) body.on('error', () => {});
  let size = 0;
  // Not what the stream says of itself: one that nobody reads to its end calls that an error of its own.
  let fault: Error | null = null;
  return {
    content: (async function* measure() {
      try {
        for await (const chunk of body) {
          const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
          size += bytes.length;
          yield bytes;
        }
      } catch (error) {
        fault = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    })(),
    size: () => size,
    fault: () => fault,
  };
}
