import type { Failure, SwarmAnswer } from './answer.ts';
import type { Announce } from './request.ts';

export interface CollectorOptions {
  /** Writes a set and answers each of it, in the same order. */
  readonly write: (announces: readonly Announce[]) => Promise<readonly (SwarmAnswer | Failure)[]>;
  /** What to do with a set that was refused as a whole. */
  readonly isOneByOne: (error: unknown) => boolean;
  /** Told of what a set or an announce by itself failed of. */
  readonly onError: (error: unknown, announces: number) => void;
  /** How long the first of a set waits for others. */
  readonly collectMs: number;
  /** Announces of a set, at most. */
  readonly setSize: number;
  /** Announces that wait, at most. */
  readonly queue: number;
  /** Sets that are written at the same time. */
  readonly connections: number;
}

interface Waiting {
  readonly announce: Announce;
  /** Milliseconds that only grow. */
  readonly since: number;
  readonly resolve: (answer: SwarmAnswer | Failure) => void;
}

const busySeconds = 60;

export const busy: Failure = {
  failure: 'The tracker is busy; your client will try again.',
  retryAfter: busySeconds,
};

/**
 * Collects announces for a moment and writes them as one set: a statement a set instead of one each. Never more than
 * `queue` wait; who comes after them is told to come back. Announces of a set that fails are not lost in silence:
 * each is told so, or tried by itself where one of them may have spoiled it for the others.
 */
export class AnnounceCollector {
  readonly #options: CollectorOptions;
  #waiting: Waiting[] = [];
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;
  #idle: (() => void)[] = [];
  readonly figures = { announces: 0, sets: 0, refused: 0 };

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  announce(announce: Announce): Promise<SwarmAnswer | Failure> {
    if (this.#waiting.length >= this.#options.queue) {
      this.figures.refused += 1;
      return Promise.resolve(busy);
    }
    return new Promise((resolve) => {
      this.#waiting.push({ announce, since: performance.now(), resolve });
      this.#schedule();
    });
  }

  /** From now on nothing waits for company. */
  drain(): void {
    this.#isDraining = true;
    this.#schedule();
  }

  /** When all that was taken is answered. */
  async idle(): Promise<void> {
    if (this.#running === 0 && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    const { collectMs, setSize, connections } = this.#options;
    while (this.#running < connections) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const patience = first.since + collectMs - performance.now();
      if (!this.#isDraining && this.#waiting.length < setSize && patience > 0) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          this.#schedule();
        }, Math.ceil(patience));
        return;
      }
      const set = this.#waiting.slice(0, setSize);
      this.#waiting = this.#waiting.slice(setSize);
      this.#running += 1;
      void this.#write(set).finally(() => {
        this.#running -= 1;
        this.#schedule();
        if (this.#running === 0 && this.#waiting.length === 0) {
          for (const resolve of this.#idle.splice(0)) resolve();
        }
      });
    }
  }

  async #write(set: readonly Waiting[]): Promise<void> {
    this.figures.sets += 1;
    try {
      const answers = await this.#options.write(set.map(({ announce }) => announce));
      this.figures.announces += set.length;
      for (const [place, { resolve }] of set.entries()) resolve(answers[place] ?? busy);
    } catch (error) {
      this.#options.onError(error, set.length);
      if (set.length === 1 || !this.#options.isOneByOne(error)) {
        this.figures.refused += set.length;
        for (const { resolve } of set) resolve(busy);
        return;
      }
      for (const one of set) await this.#write([one]);
    }
  }
}
