import { Worker } from 'node:worker_threads';
import type { Inspected } from './inspect.ts';
import { TarError } from './tar.ts';

/** What the thread is told. */
export type Request =
  | { readonly kind: 'begin'; readonly hasIndex: boolean; readonly within: string }
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/** And what it says, in the order in which it was told. */
export type Answer =
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'inspected'; readonly inspected: Inspected }
  | { readonly kind: 'refused'; readonly message: string };

export interface InspectionOptions {
  /** Hash each block too, so that an increment can be laid over the archive. */
  readonly hasIndex: boolean;
  /** Where in the data directory what is archived belongs. Default: it is the data directory. */
  readonly within?: string;
  /** Refuses by throwing: the archive then ends with that error. */
  approve(inspected: Inspected): void | Promise<void>;
}

/** Blocks that are with the thread while one that it has done with is compressed and stored. */
const most = 3;

/**
 * Lets an archive pass through a thread that takes its digests, so that hashing happens while the main thread reads and
 * stores, and ends it only when `approve` takes what was found. The memory of each block is given away and comes back.
 */
export class Inspecting {
  readonly #worker = new Worker(
    new URL(`./inspect-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
  );
  readonly #options: InspectionOptions;
  #answers: Answer[] = [];
  #fault: Error | undefined;
  #wake: () => void = () => {};
  #inspected: Inspected | undefined;

  constructor(options: InspectionOptions) {
    this.#options = options;
    this.#worker.on('message', (answer: Answer) => {
      this.#answers.push(answer);
      this.#wake();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that inspects the archive has ended')));
    this.#tell({ kind: 'begin', hasIndex: options.hasIndex, within: options.within ?? '' });
  }

  /** Only once the archive has ended. */
  get inspected(): Inspected {
    if (this.#inspected === undefined) throw new TypeError('the archive has not ended');
    return this.#inspected;
  }

  async *pass(archive: AsyncIterable<Buffer<ArrayBuffer>>): AsyncGenerator<Buffer<ArrayBuffer>> {
    let underway = 0;
    for await (const bytes of archive) {
      this.#tell({ kind: 'block', bytes }, bytes.buffer);
      underway += 1;
      if (underway <= most) continue;
      yield await this.#nextBlock();
      underway -= 1;
    }
    for (; underway > 0; underway -= 1) yield await this.#nextBlock();
    this.#tell({ kind: 'end' });
    const answer = await this.#nextAnswer();
    if (answer.kind !== 'inspected') throw new TypeError(`a ${answer.kind} came where the end was due`);
    await this.#options.approve(answer.inspected);
    this.#inspected = answer.inspected;
  }

  /** However it went: the thread ends. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(request: Request, ...memory: ArrayBuffer[]): void {
    this.#worker.postMessage(request, memory);
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#wake();
  }

  async #nextBlock(): Promise<Buffer<ArrayBuffer>> {
    const answer = await this.#nextAnswer();
    if (answer.kind !== 'block') throw new TypeError(`the ${answer.kind} came where a block was due`);
    const { bytes } = answer;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async #nextAnswer(): Promise<Answer> {
    while (this.#answers.length === 0) {
      if (this.#fault !== undefined) throw this.#fault;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const answer = this.#answers.shift();
    if (answer === undefined) throw new TypeError('there is no answer');
    if (answer.kind === 'refused') throw new TarError(answer.message);
    return answer;
  }
}
