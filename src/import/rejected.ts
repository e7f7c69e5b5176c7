/** A row or line of a file that could not be taken. */
export interface RejectedRow {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly externalId: string | undefined;
  readonly reason: string;
}
