import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

const newline = 0x0a;

/** Passes bytes on and knows how many lines and bytes went by, and their digest. */
export class Measure extends Transform {
  bytes = 0;
  lines = 0;
  readonly #hash = createHash('sha256');
  readonly #onLines: ((lines: number) => void) | undefined;

  constructor(onLines?: (lines: number) => void) {
    super();
    this.#onLines = onLines;
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, data: Buffer) => void,
  ): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) this.lines += 1;
    this.#onLines?.(this.lines);
    done(null, chunk);
  }

  /** Once, at the end. */
  sha256(): string {
    return this.#hash.digest('hex');
  }
}
