import { createHash, type Hash } from 'node:crypto';
import { DeltaWriter } from '../increment/delta.ts';
import { type EntryEvent, indexing } from '../increment/entries.ts';
import type { ManifestFile } from './manifest.ts';
import { TarReader } from './tar.ts';

/** What an archive turned out to be, once all of it has gone by. */
export interface Inspected {
  readonly files: ReadonlyMap<string, ManifestFile>;
  /** The hashes of every block, where they were asked for. */
  readonly index: Uint8Array<ArrayBuffer> | undefined;
}

/** Takes the digest of each file in an archive and, where increments are wanted, of each block. */
export class ArchiveInspection {
  readonly #reader: TarReader;
  readonly #files = new Map<string, ManifestFile>();
  readonly #delta: DeltaWriter | undefined;
  readonly #observe: ((event: EntryEvent) => void) | undefined;
  #file: Hash | undefined;

  constructor(options: { readonly hasIndex: boolean; readonly within?: string }) {
    this.#reader = new TarReader(options.within);
    if (!options.hasIndex) return;
    this.#delta = new DeltaWriter();
    this.#observe = indexing(this.#delta);
  }

  /** The next piece, of any size; it may be overwritten afterwards. Refuses what is no archive, as a TarError. */
  take(bytes: Buffer): void {
    for (const event of this.#reader.feed(bytes)) {
      this.#observe?.(event);
      if (event.kind === 'begin') this.#file = event.entry.kind === 'file' ? createHash('sha256') : undefined;
      else if (event.kind === 'data') this.#file?.update(event.bytes);
      else if (this.#file) {
        this.#files.set(event.entry.path, { size: event.entry.size, sha256: this.#file.digest('hex') });
      }
    }
  }

  /** Refuses an archive that is cut short, as a TarError. */
  end(): Inspected {
    this.#reader.end();
    const index = this.#delta?.index.encode();
    return {
      files: this.#files,
      index: index === undefined ? undefined : new Uint8Array(index),
    };
  }
}
