import type { FileHandle } from 'node:fs/promises';

/**
 * The disk is given this many bytes at a time while more arrives. Left to the end, it would stand idle first and be waited
 * for then: a fifth of the time of a large object.
 */
const flushedAtOnce = 16 * 1024 * 1024;

/** Writes all of it, and answers once it is on the disk. A piece is done with when the next is asked for. */
export async function writeToDisk(
  file: FileHandle,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  // Each after the one before it: what the disk refuses is said once, and must not be lost.
  let flushed = Promise.resolve();
  let isFlushing = false;
  let waiting = 0;
  for await (const bytes of content instanceof Uint8Array ? [content] : content) {
    signal?.throwIfAborted();
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
    waiting += bytes.length;
    if (waiting < flushedAtOnce || isFlushing) continue;
    waiting = 0;
    isFlushing = true;
    flushed = flushed
      .then(() => file.datasync())
      .finally(() => {
        isFlushing = false;
      });
    flushed.catch(() => {});
  }
  await flushed;
  await file.sync();
}
