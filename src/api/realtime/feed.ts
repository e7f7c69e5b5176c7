import { setTimeout as sleep } from 'node:timers/promises';
import type { Announcement, BusListener, BusSeat, RealtimeBus } from './bus.ts';
import type { ClaimsQuery } from './claims.ts';
import type { News, Reading, Topic } from './topic.ts';
import type { Turns } from './turns.ts';

/** Beyond this many details, reading everything is cheaper. */
const maxDetails = 500;

/** Together 25 seconds. */
const maxFailures = 8;
const firstPauseMs = 100;

export interface FeedOptions<Event> {
  readonly topic: Topic<Event>;
  readonly bus: RealtimeBus;
  readonly turns: Turns;
  readonly accessCheckMs: number;
  /** Whether the database is away, rather than refusing. */
  readonly isOutage: (error: unknown) => boolean;
  /** Runs a read under the claims of the listener. */
  readonly readAs: <Result>(work: (query: ClaimsQuery) => Promise<Result>) => Promise<Result>;
}

/**
 * The events of one subscription. It keeps no event: what is announced while the listener is busy is only noted, and
 * read from where the listener is once the last event has been sent. So a slow listener costs a note, and a fast one
 * gets each announcement by itself. It holds its turn at the database until the event has been made into a result.
 */
export class Feed<Event> implements AsyncIterableIterator<Event, undefined>, BusListener {
  readonly #options: FeedOptions<Event>;
  readonly #seat: BusSeat;
  readonly #check: NodeJS.Timeout;
  /** What the first read found. */
  #first: Reading<Event> | undefined;
  #isAll = true;
  #keys = new Map<string, Map<string, Set<string>>>();
  #details = 0;
  #isNew = true;
  #isOver = false;
  #isLast = false;
  #endTurn: () => void = () => {};
  #wake: (() => void) | undefined;
  /** Resolved while no event is on its way to the client. */
  #sent: Promise<void> = Promise.resolve();
  #markSent: () => void = () => {};

  constructor(options: FeedOptions<Event>) {
    this.#options = options;
    // On the bus before the first read: what is committed after that read is announced to it.
    this.#seat = options.bus.join(this);
    this.#check = setInterval(() => this.resync(), options.accessCheckMs * (0.75 + Math.random() / 2));
    this.#check.unref();
  }

  announced({ topic, key, detail }: Announcement): void {
    if (key === undefined || this.#details >= maxDetails) {
      this.resync();
      return;
    }
    const keys = this.#keys.get(topic) ?? new Map<string, Set<string>>();
    this.#keys.set(topic, keys);
    const details = keys.get(key) ?? new Set<string>();
    keys.set(key, details);
    if (detail !== undefined) details.add(detail);
    this.#details += 1;
    this.#notice();
  }

  resync(): void {
    this.#isAll = true;
    this.#notice();
  }

  /** The first read, before the subscription is confirmed: it refuses what may not be followed. */
  async open(): Promise<this> {
    try {
      this.#first = await this.#read();
      this.#endTurn();
      return this;
    } catch (error) {
      this.#close();
      throw error;
    }
  }
  /** The last event is a result now. */
  executed(): void {
    this.#endTurn();
  }

  /** The last result was sent, or could not be. */
  sent(): void {
    this.#markSent();
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    try {
      const first = this.#first;
      if (first) {
        this.#first = undefined;
        if (first.event !== undefined) {
          this.#endTurn = await this.#options.turns.take();
          if (!this.#isOver) return this.#hand(first.event);
        }
      }
      for (;;) {
        await this.#sent;
        this.#endTurn();
        if (this.#isOver || this.#isLast) break;
        if (!this.#isNew) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const { event } = await this.#readAgain();
        if (event !== undefined && !this.#isOver) return this.#hand(event);
      }
      this.#close();
      return { value: undefined, done: true };
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#close();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(): Promise<IteratorResult<Event, undefined>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A database that restarts is waited for: the listener is where it was. */
  async #readAgain(): Promise<Reading<Event>> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#read();
      } catch (error) {
        this.#endTurn();
        if (failures === maxFailures || !this.#options.isOutage(error)) throw error;
        this.#isAll = true;
        this.#isNew = true;
        await sleep(firstPauseMs * 2 ** failures, undefined, { ref: false });
        if (this.#isOver) return {};
      }
    }
  }

  async #read(): Promise<Reading<Event>> {
    const { topic, turns, readAs } = this.#options;
    this.#endTurn = await turns.take();
    if (this.#isOver) return {};
    const news: News = { isAll: this.#isAll, keys: this.#keys };
    this.#isNew = false;
    this.#isAll = false;
    this.#keys = new Map();
    this.#details = 0;
    const reading = await readAs((query) => topic.read(query, news, (keys) => this.#watch(keys)));
    // What did not fit is found by reading from there.
    if (reading.hasMore) this.resync();
    if (reading.isLast) this.#isLast = true;
    return reading;
  }

  #watch(keys: Iterable<string>): void {
    if (!this.#isOver) this.#seat.watch(keys);
  }

  #hand(event: Event): IteratorResult<Event, undefined> {
    this.#sent = new Promise((resolve) => {
      this.#markSent = resolve;
    });
    return { value: event, done: false };
  }

  #notice(): void {
    this.#isNew = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#check);
    this.#seat.leave();
    this.#options.topic.end?.();
    this.#endTurn();
    this.#markSent();
    this.#wake?.();
  }
}
