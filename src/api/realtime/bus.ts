/** One thing that is new. Never a fact: who hears of it reads under their own rights. */
export interface Announcement {
  /** `conversation`, `channel`, `bell`, `access`, `group`, `presence`, `proposal`. */
  readonly topic: string;
  /** Undefined: too many to name. */
  readonly key: string | undefined;
  /** The row below the key that was changed, where there is one. */
  readonly detail: string | undefined;
}

export interface BusListener {
  announced(announcement: Announcement): void;
  /** Announcements may have been lost: everything is to be read again. */
  resync(): void;
}

/** The place of a listener on the bus. */
export interface BusSeat {
  /** Which keys (`topic:key`) it hears of; replaces those before. */
  watch(keys: Iterable<string>): void;
  leave(): void;
}

/** How a process learns that something has been committed. There is one implementation, over LISTEN/NOTIFY. */
export interface RealtimeBus {
  join(listener: BusListener): BusSeat;
  /** Hears of everything. */
  joinAll(listener: BusListener): BusSeat;
  /** Tells the listeners of this process only. */
  tell(announcement: Announcement): void;
  close(): Promise<void>;
}

export function busKey(topic: string, key: string): string {
  return `${topic}:${key}`;
}

/** Who listens to what, in this process. */
export class Switchboard {
  readonly #byKey = new Map<string, Set<Seat>>();
  readonly #all = new Set<BusListener>();
  readonly #seats = new Set<Seat>();

  join(listener: BusListener): BusSeat {
    const seat: Seat = { listener, keys: new Set() };
    this.#seats.add(seat);
    return {
      watch: (keys) => this.#watch(seat, new Set(keys)),
      leave: () => {
        this.#watch(seat, new Set());
        this.#seats.delete(seat);
      },
    };
  }

  joinAll(listener: BusListener): BusSeat {
    this.#all.add(listener);
    return { watch: () => {}, leave: () => this.#all.delete(listener) };
  }

  tell(announcement: Announcement): void {
    for (const listener of this.#all) listener.announced(announcement);
    const { topic, key } = announcement;
    if (key !== undefined) {
      for (const seat of this.#byKey.get(busKey(topic, key)) ?? []) seat.listener.announced(announcement);
      return;
    }
    for (const seat of this.#seats) {
      if ([...seat.keys].some((watched) => watched.startsWith(`${topic}:`))) {
        seat.listener.announced(announcement);
      }
    }
  }

  resync(): void {
    for (const listener of this.#all) listener.resync();
    for (const { listener } of this.#seats) listener.resync();
  }

  #watch(seat: Seat, keys: Set<string>): void {
    for (const key of seat.keys) {
      if (keys.has(key)) continue;
      const seats = this.#byKey.get(key);
      seats?.delete(seat);
      if (seats?.size === 0) this.#byKey.delete(key);
    }
    for (const key of keys) {
      const seats = this.#byKey.get(key);
      if (seats) seats.add(seat);
      else this.#byKey.set(key, new Set([seat]));
    }
    seat.keys = keys;
  }
}

interface Seat {
  readonly listener: BusListener;
  keys: ReadonlySet<string>;
}
