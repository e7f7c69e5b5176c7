import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vault } from '../vault.ts';
import { archiveWal, findWal, removeWal } from '../wal-archive.ts';
import type { Spool } from './spool.ts';
import { checkSegment } from './wal-file.ts';

export interface Uploaded {
  readonly name: string;
  /** In bytes: of a `.partial` how far it went. */
  readonly length: number;
  readonly at: Date;
}

export interface UploaderOptions {
  readonly spool: Spool;
  readonly vault: Vault;
  readonly systemIdentifier: string;
  /** Undefined while nobody writes into the spool. */
  readonly writing: () => Writing | undefined;
  readonly onUploaded: (uploaded: Uploaded) => void;
  /** An attempt failed; the next comes by itself. */
  readonly onFailure: (error: unknown) => void;
  /** The longest wait between two attempts, in milliseconds: they begin at half a second, doubled each time. Default: half a minute. */
  readonly longestWaitMs?: number;
}

/** The segment that is being written at this moment, and how much of it is on disk. */
export interface Writing {
  readonly segment: string;
  readonly length: number;
}

/** Brings what is in a spool into the storage, oldest first, one at a time. */
export class Uploader {
  readonly #options: UploaderOptions;
  /** Names that the storage has whole. */
  readonly #done = new Set<string>();
  #partial: Writing | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** What the storage does not have whole, in bytes: the newest segment stays here although it has. */
  waiting(): Promise<number> {
    return this.#options.spool.size(this.#done);
  }

  /** Everything that is whole, and of the segment that is being written what is on disk. Fails when one cannot be uploaded. */
  upload(): Promise<void> {
    this.#work = this.#work.catch(() => {}).then(() => this.#pass());
    return this.#work;
  }

  /** The same, again and again until it is done or stopped. */
  async persist(signal: AbortSignal): Promise<void> {
    const longest = this.#options.longestWaitMs ?? 30_000;
    for (let wait = Math.min(500, longest); !signal.aborted; wait = Math.min(wait * 2, longest)) {
      try {
        return await this.upload();
      } catch (error) {
        this.#options.onFailure(error);
        await sleep(wait, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #pass(): Promise<void> {
    const { spool, writing } = this.#options;
    const names = await spool.names();
    const segments = names.filter((name) => !name.endsWith('.history'));
    for (const name of names) {
      const isLast = name === segments.at(-1);
      if (name.endsWith('.partial')) {
        const bare = name.slice(0, -'.partial'.length);
        const current = writing();
        // Begun after this pass looked.
        if (current !== undefined && bare > current.segment) continue;
        if (current?.segment === bare) await this.#uploadBeginning(bare, current.length);
        // Nobody writes it any more: its timeline was left, or nothing is received.
        else await this.#uploadBeginning(bare);
        if (!isLast && current?.segment !== bare) await spool.remove(name);
      } else {
        await this.#uploadWhole(name);
        // The last says where to go on, or the begun one after it.
        if (!isLast) {
          await spool.remove(name);
          this.#done.delete(name);
        }
      }
    }
  }

  async #uploadWhole(name: string): Promise<void> {
    if (this.#done.has(name)) return;
    const { spool, vault, systemIdentifier } = this.#options;
    const bytes = await spool.read(name);
    if (!name.endsWith('.history')) checkSegment(name, bytes, systemIdentifier);
    const present = await findWal(vault, name);
    const isThere = present?.artifact.sha256 === createHash('sha256').update(bytes).digest('hex');
    if (!isThere) {
      await archiveWal(vault, name, bytes, systemIdentifier);
      this.#options.onUploaded({ name, length: bytes.length, at: new Date() });
    }
    const beginning = name.endsWith('.history') ? undefined : await findWal(vault, `${name}.partial`);
    if (beginning !== undefined) await removeWal(vault, beginning);
    this.#done.add(name);
  }

  async #uploadBeginning(segment: string, length?: number): Promise<void> {
    const { spool, vault, systemIdentifier } = this.#options;
    const name = `${segment}.partial`;
    if (this.#partial?.segment !== segment) {
      // After a restart the segment is received anew from its beginning: what is stored may reach further than this.
      const stored = await findWal(vault, name);
      this.#partial = { segment, length: stored?.artifact.size ?? 0 };
    }
    if (length !== undefined && length <= this.#partial.length) return;
    let bytes: Buffer;
    try {
      bytes = (await spool.read(name)).subarray(0, length);
    } catch (error) {
      // It became whole meanwhile; the next pass has it.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    if (bytes.length <= this.#partial.length) return;
    checkSegment(name, bytes, systemIdentifier);
    await archiveWal(vault, name, bytes, systemIdentifier);
    this.#partial = { segment, length: bytes.length };
    this.#options.onUploaded({ name, length: bytes.length, at: new Date() });
  }
}
