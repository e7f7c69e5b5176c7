import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import type { ManifestFile } from './manifest.ts';
import { type TarEvent, TarReader } from './tar.ts';

/** Lets an archive pass, takes the digest of each file in it, and ends only when `approve` takes them. */
export class TarInspector extends Transform {
  readonly #files = new Map<string, ManifestFile>();
  readonly #approve: (files: ReadonlyMap<string, ManifestFile>) => void | Promise<void>;
  readonly #observe: ((event: TarEvent) => void) | undefined;
  readonly #reader = new TarReader();
  #hash: Hash | undefined;

  /** `observe` is told what passes; its bytes may be overwritten afterwards. */
  constructor(
    approve: (files: ReadonlyMap<string, ManifestFile>) => void | Promise<void>,
    observe?: (event: TarEvent) => void,
  ) {
    super({ highWaterMark: 2 * 1024 * 1024 });
    this.#approve = approve;
    this.#observe = observe;
  }

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    try {
      for (const event of this.#reader.feed(bytes)) {
        this.#observe?.(event);
        if (event.kind === 'begin')
          this.#hash = event.entry.kind === 'file' ? createHash('sha256') : undefined;
        else if (event.kind === 'data') this.#hash?.update(event.bytes);
        else if (this.#hash) {
          this.#files.set(event.entry.path, { size: event.entry.size, sha256: this.#hash.digest('hex') });
        }
      }
      done(null, bytes);
    } catch (error) {
      done(error as Error);
    }
  }

  async #finish(): Promise<void> {
    this.#reader.end();
    await this.#approve(this.#files);
  }

  override _flush(done: TransformCallback): void {
    this.#finish().then(
      () => done(),
      (error: Error) => done(error),
    );
  }
}
