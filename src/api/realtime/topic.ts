import type { ClaimsQuery } from './claims.ts';

/** What came over the bus since the last read. */
export interface News {
  /** Everything is to be read: the first time, after announcements may have been lost, and now and then. */
  readonly isAll: boolean;
  /** By topic: keys, each with the rows below it that were changed. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;
}

export interface Reading<Event> {
  /** Undefined: nothing that this listener may see is new. */
  readonly event?: Event | undefined;
  /** There is more than one event holds. */
  readonly hasMore?: boolean;
  /** Nothing can come after this. */
  readonly isLast?: boolean;
}

/**
 * What one listener follows, and how far it has come. `read` runs under the claims of the listener, so row security
 * decides at that moment; it refuses where access is gone. Whatever it has returned counts as delivered. The first read
 * always has an event: it tells the client that it listens from here on, and its cursor.
 */
export interface Topic<Event> {
  read(query: ClaimsQuery, news: News, watch: (keys: Iterable<string>) => void): Promise<Reading<Event>>;
  /** The listener is gone. */
  end?(): void;
}

/** Who listens. */
export interface Listener {
  /** Undefined: a visitor. */
  readonly userId: string | undefined;
}
