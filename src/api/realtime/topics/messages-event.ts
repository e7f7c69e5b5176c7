/** Messages that are new to a listener, and how far that brings them. */
export interface MessagesEvent {
  /** Of which conversations or channels. */
  readonly containerIds: readonly string[];
  /** In the order of their ids. */
  readonly ids: readonly string[];
  readonly changedIds: readonly string[];
  readonly removedIds: readonly string[];
  readonly cursor: string;
}
